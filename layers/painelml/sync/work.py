"""What the worker does with a sync's messages.

A page is fetched outside any transaction; then one transaction turns the run's page and writes the rows. The run's page number
is the fence: a message of an earlier page only sends the continuation again, one of a later page waits for its turn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.errors import NotFound, RetryLater
from painelml.core.observability import logger
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused, ReconnectRequired, UnknownEnvelope, patiently
from painelml.sync import queries, service
from painelml.sync.models import Findings, PageDone, PageJob, StartJob
from painelml.sync.scopes import SPECS
from painelml.tenancy.settings import wants_sync

TURN_PAUSE = 2
PATIENCE = 30  # turns that a message waits for the page before its own, or for its run's commit


def start(job: StartJob) -> None:
    """A scheduled sync of one account and scope. An account that is gone or disconnected needs none."""
    with tenant_session(job.tenant_id) as session:
        try:
            account = connected_account(session, job.account_id)
        except NotFound:
            return
        if account.status == "ACTIVE" and wants_sync(session, job.account_id, job.scope):
            service.start_or_revive(session, job.account_id, job.scope)


def page(job: PageJob, *, deferrals: int) -> None:
    """One page of a run, then the message for the next."""
    with tenant_session(job.tenant_id) as session:
        run = queries.run(session, job.run_id)
        account = connected_account(session, run["account_id"]) if run else None
    if run is None or account is None or job.page > run["page"]:
        _wait_for_turn(job, deferrals)
    elif run["status"] == "running":
        if job.page < run["page"]:
            # Done before, but the message that goes on may have been lost with its sender.
            service.send_page(job.tenant_id, job.run_id, run["page"])
        else:
            _do(job, run, account, deferrals)


def _do(job: PageJob, run: Row, account: ConnectedAccount, deferrals: int) -> None:
    spec = SPECS[run["scope"]]
    try:
        with patiently(deferrals):
            documents, done = spec.page(SellerApi(account, background=True), run["cursor"])
        with tenant_session(job.tenant_id) as session:
            going_on = _write_page(session, job, partial(spec.apply, session, account, documents), done)
    except RetryLater:
        with tenant_session(job.tenant_id) as session:
            queries.touch(session, job.run_id, moment=now())
        raise
    except (CallRefused, UnknownEnvelope, ReconnectRequired) as fault:
        code = getattr(fault, "code", "unknown_envelope")
        logger.warning("sync run failed", extra={"run_id": str(job.run_id), "reason": code})
        with tenant_session(job.tenant_id) as session:
            service.fail(session, job.run_id, code)
    else:
        if going_on:
            service.send_page(job.tenant_id, job.run_id, job.page + 1)


def _write_page(session: TenantSession, job: PageJob, write: Callable[[], object], done: PageDone) -> bool:
    """Cursor, counters and rows together. False where the run ends here, or another message has done this page."""
    turned = queries.turn_page(
        session,
        job.run_id,
        page=job.page,
        cursor=done.cursor,
        processed=done.processed.model_dump(),
        errors=[error.model_dump(mode="json") for error in done.errors],
        moment=now(),
    )
    if not turned:
        return False
    findings = write()
    if isinstance(findings, Findings):
        queries.add_findings(session, job.run_id, findings.model_dump())
    if done.finished:
        service.complete(session, job.run_id)
    return not done.finished


def _wait_for_turn(job: PageJob, deferrals: int) -> None:
    if deferrals < PATIENCE:
        raise RetryLater(TURN_PAUSE, "the page before is not committed yet")
    logger.warning("sync page dropped: its turn never came", extra={"run_id": str(job.run_id), "page": job.page})
