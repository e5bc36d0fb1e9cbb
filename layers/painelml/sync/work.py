"""What the worker does with a sync's jobs.

A page is fetched outside any transaction; then one transaction turns the run's page, writes the rows and puts the job of the
next page into the sync lane. The run's page number is the fence, its status the switch: the job of another page, or of a run
that is paused or over, does nothing.
"""

from __future__ import annotations

from uuid import UUID

from painelml.core import lanes
from painelml.core.clock import now
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.errors import NotFound, RetryLater
from painelml.core.observability import logger
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused, ReconnectRequired, UnknownEnvelope, patiently
from painelml.sync import live, queries, service
from painelml.sync.models import Findings, PageDone, PageJob, StartJob
from painelml.sync.scopes import SPECS
from painelml.tenancy.settings import wants_sync


def start(job: StartJob) -> None:
    """A scheduled sync of one account and scope. An account that is gone or disconnected needs none."""
    with tenant_session(job.tenant_id) as session:
        lanes.wake(session)
        try:
            account = connected_account(session, job.account_id)
        except NotFound:
            return
        if account.status == "ACTIVE" and wants_sync(session, job.account_id, job.scope):
            service.start_or_revive(session, job.account_id, job.scope)


def page(job: PageJob, *, deferrals: int) -> None:
    """One page of a run, and the job for the next."""
    with tenant_session(job.tenant_id) as session:
        run = queries.run(session, job.run_id)
        if run is None or run["status"] != "running" or run["page"] != job.page:
            logger.info("page not needed", extra={"run_id": str(job.run_id), "page": job.page})
            return
        account = connected_account(session, run["account_id"])
    _do(job, run, account, deferrals)


def _do(job: PageJob, run: Row, account: ConnectedAccount, deferrals: int) -> None:
    spec = SPECS[run["scope"]]
    try:
        with patiently(deferrals):
            documents, done = spec.page(SellerApi(account, background=True), run["cursor"])
        with tenant_session(job.tenant_id) as session:
            if _turn(session, job, done):
                findings = spec.apply(session, account, documents)
                if isinstance(findings, Findings):
                    queries.add_findings(session, job.run_id, findings.model_dump())
                _go_on(session, job, account.id, finished=done.finished)
    except RetryLater:
        with tenant_session(job.tenant_id) as session:
            queries.touch(session, job.run_id, moment=now())
        raise
    except (CallRefused, UnknownEnvelope, ReconnectRequired) as fault:
        code = getattr(fault, "code", "unknown_envelope")
        logger.warning("sync run failed", extra={"run_id": str(job.run_id), "reason": code})
        with tenant_session(job.tenant_id) as session:
            service.fail(session, job.run_id, code)


def _turn(session: TenantSession, job: PageJob, done: PageDone) -> bool:
    """Cursor and counters. False where another worker did this page, or the run was paused or cancelled meanwhile."""
    return queries.turn_page(
        session,
        job.run_id,
        page=job.page,
        cursor=done.cursor,
        processed=done.processed.model_dump(),
        expected=done.expected,
        errors=[error.model_dump(mode="json") for error in done.errors],
        moment=now(),
    )


def _go_on(session: TenantSession, job: PageJob, account_id: UUID, *, finished: bool) -> None:
    if finished:
        service.complete(session, job.run_id)
    else:
        service.queue_page(session, job.run_id, job.page + 1)
        live.forget(session, account_id)
