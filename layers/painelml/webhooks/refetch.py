"""Reading resources again with their sellers' tokens: a whole batch at the same time, then one transaction for each account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.errors import DatabaseUnavailable, NotFound, RetryLater, ServiceUnavailable
from painelml.core.observability import log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.standing import TenantClosed
from painelml.marketplace import jobs
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.accounts.tokens import access_token
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.api.transport import Call
from painelml.marketplace.documents import Versioned
from painelml.marketplace.effects import service as effects
from painelml.marketplace.effects.models import Found
from painelml.marketplace.errors import AccessRefused, CallRefused, ReconnectRequired, ResourceMissing, TokenRejected, patiently
from painelml.marketplace.jobs import Refetch
from painelml.marketplace.ownership import checked
from painelml.marketplace.resources import Resource, read_resource
from painelml.privacy.service import is_gone
from painelml.webhooks import queries

NOT_YET = 5  # a resource may be announced before it can be read: 2, 4, 8, 16, 32 seconds are given
AT_ONCE = 10  # reads of one worker at the same time: as many as a batch has messages
LOST = timedelta(minutes=20)  # longer than a job can be deferred (15 min)


@dataclass(frozen=True, slots=True)
class _Task:
    """One message and what it asks for. `asked_at` is before the read: what comes later asks for another."""

    message: Message
    account: ConnectedAccount
    resource: Resource
    asked_at: datetime


def work_through(batch: Batch, messages: Iterable[Message]) -> None:
    """Does refetch jobs. What Mercado Livre cannot answer now, or not yet, is deferred; what it refuses is done with."""
    tasks = list(_begun(batch, messages))
    tokens = {account: _token(account) for account in {task.account for task in tasks}}
    reads = [(task, _submitted(task, tokens[task.account])) for task in tasks]
    done: dict[ConnectedAccount, list[tuple[_Task, Found | None]]] = defaultdict(list)
    for task, read in reads:
        with batch.attempt(task.message):
            done[task.account].append((task, _outcome(task, read)))
    for account, outcomes in done.items():
        log_tenant(account.tenant_id)
        _finish(batch, account, outcomes)


def revive(tenant_id: UUID, account_id: UUID) -> int:
    """Asks again for what nobody has begun to read for long; how many. A job that waits for its turn still stays one."""
    with tenant_session(tenant_id) as session:
        lost = queries.revive_refetches(session, account_id, before=now() - LOST, moment=now())
        return queue(session, lost)


def queue(session: TenantSession, wanted: Iterable[Row]) -> int:
    """Jobs for rows `{resource, account_id, topic}`, in the caller's transaction; how many."""
    return jobs.refetch(session, [Refetch(tenant_id=session.tenant_id, **row) for row in wanted])


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="refetch")


def _begun(batch: Batch, messages: Iterable[Message]) -> Iterable[_Task]:
    """One transaction for each tenant: whose accounts these are, and that they are being read now."""
    told: dict[UUID, list[tuple[Message, Refetch]]] = defaultdict(list)
    for message in messages:
        with batch.attempt(message):
            job = Refetch.model_validate_json(message.body)
            told[job.tenant_id].append((message, job))
    for tenant_id, named in told.items():
        log_tenant(tenant_id)
        tasks: list[_Task] = []
        with batch.attempt(*(message for message, _ in named)):
            tasks = _begin(tenant_id, named)
        yield from tasks


def _begin(tenant_id: UUID, named: Sequence[tuple[Message, Refetch]]) -> list[_Task]:
    asked_at = now()
    tasks: list[_Task] = []
    try:
        with tenant_session(tenant_id) as session:
            if is_gone(session):
                logger.info("work of an erased tenant refused", extra={"kind": "refetch"})
                return []
            accounts = {account_id: _active(session, account_id) for account_id in {job.account_id for _, job in named}}
            for message, job in named:
                account, resource = accounts[job.account_id], read_resource(job.topic, job.resource)
                if account is None or resource is None:
                    logger.info("refetch not needed", extra={"resource": job.resource})
                else:
                    tasks.append(_Task(message, account, resource, asked_at))
            queries.begin_refetches(session, [task.resource.path for task in tasks], moment=asked_at)
    except TenantClosed as closed:
        # Its rows stay: the tenant's next scheduled sync finds them.
        logger.info("refetches not done", extra={"reason": closed.code})
        return []
    return tasks


def _active(session: TenantSession, account_id: UUID) -> ConnectedAccount | None:
    try:
        account = connected_account(session, account_id)
    except NotFound:
        return None
    return account if account.status == "ACTIVE" else None


def _submitted(task: _Task, token: str) -> Future[Versioned] | None:
    return _threads().submit(copy_context().run, _read, task, token) if token else None


def _token(account: ConnectedAccount) -> str:
    """Before the threads begin, so that they need no database. Empty where there is none now: reading then says why."""
    try:
        return access_token(account.tenant_id, account.id)
    except (ReconnectRequired, CallRefused, ServiceUnavailable):
        return ""


def _read(task: _Task, token: str) -> Versioned:
    """In a thread: with a token given. In the worker itself: with whatever token it takes."""
    log_tenant(task.account.tenant_id)
    api = SellerApi(task.account, token or None)
    document: Versioned = task.resource.kind.fetch(api, task.resource.id)
    if str(document.id) != task.resource.id:
        raise AccessRefused(403, "another_resource")
    return checked(document, task.account)


def _outcome(task: _Task, read: Future[Versioned] | None) -> Found | None:
    """The document, or None where Mercado Livre refuses it for good; raises RetryLater where it does not answer now or yet."""
    deferrals = task.message.deferrals
    try:
        with patiently(deferrals):
            found = Found(task.resource, _document(task, read))
        SellerApi(task.account).learn_answer([Call("GET", task.resource.path)])
        return found
    except (ResourceMissing, ValidationError) as lacking:
        # Announced before it can be read; or a 206 that lacks even what a row needs, which a later read has.
        if deferrals < NOT_YET:
            raise RetryLater(2 ** (deferrals + 1), "announced, but not readable yet") from None
        code = getattr(lacking, "code", "unreadable")
    except AccessRefused as refused:
        SellerApi(task.account).learn_refusal(refused)
        code = refused.code
    except (CallRefused, ReconnectRequired) as refused:
        code = refused.code
    # Repeating it would not help. The notification stays `received`, which is what reconciliation looks for.
    log_tenant(task.account.tenant_id)
    logger.warning("refetch refused", extra={"resource": task.resource.path, "reason": code})
    return None


def _document(task: _Task, read: Future[Versioned] | None) -> Versioned:
    if read is not None:
        try:
            return read.result()
        except TokenRejected:
            logger.info("token rejected: read again", extra={"account_id": str(task.account.id)})
    return _read(task, "")


def _finish(batch: Batch, account: ConnectedAccount, outcomes: Sequence[tuple[_Task, Found | None]]) -> None:
    """All together; if that fails, one by one, so that a document which cannot be written keeps none of the others back."""
    if len(outcomes) > 1:
        try:
            _apply(account, outcomes)
        except DatabaseUnavailable:
            pass  # the attempts below put each message off
        except Exception:  # noqa: BLE001 - which of them it was, the attempts below tell
            logger.exception("refetches applied one by one")
        else:
            return
    for outcome in outcomes:
        with batch.attempt(outcome[0].message):
            _apply(account, [outcome])


def _apply(account: ConnectedAccount, outcomes: Sequence[tuple[_Task, Found | None]]) -> None:
    found = [one for _, one in outcomes if one is not None]
    read = [one.resource.path for one in found]
    with tenant_session(account.tenant_id) as session:
        if found:
            effects.apply(session, account, found)
            queries.mark_handled(session, account.id, read, until=min(task.asked_at for task, _ in outcomes), moment=now())
        queue(session, queries.end_refetches(session, [task.resource.path for task, _ in outcomes]))
