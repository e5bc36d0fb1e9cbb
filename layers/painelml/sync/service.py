"""Starting syncs, showing them, and the rules of a run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from painelml.core import lanes
from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.ids import uuid7
from painelml.core.lanes import Job, Lane
from painelml.core.pages import Page, newest_first, page_of
from painelml.marketplace.accounts import queries as accounts
from painelml.marketplace.accounts.service import connected_account, working_account
from painelml.sync import live, queries
from painelml.sync.models import (
    SCOPES,
    Counters,
    PageJob,
    Progress,
    Scope,
    SyncAlreadyRunning,
    SyncError,
    SyncRequest,
    SyncRun,
    SyncStatus,
    Trigger,
)
from painelml.sync.scopes import SPECS
from painelml.sync.windows import days_since
from painelml.tenancy.settings import wants_sync

FIRST_DAYS = 90
STALLED = timedelta(minutes=15)
HOPELESS = timedelta(hours=24)
LAST_ID = UUID(int=2**128 - 1)
LEADING = tuple(scope for scope in SCOPES if SPECS[scope].follows is None)


def request(session: TenantSession, account_id: UUID, wanted: SyncRequest, *, user_id: UUID) -> list[SyncRun]:
    """Starts what was asked for and is not running; raises SyncAlreadyRunning when all of it is."""
    working_account(session, account_id)
    scopes = LEADING if wanted.scope == "all" else (wanted.scope,)
    started = [
        run_id
        for scope in scopes
        if (run_id := start(session, account_id, scope, days=wanted.days, trigger="manual", user_id=user_id))
    ]
    if not started:
        raise SyncAlreadyRunning(account_id=str(account_id))
    return [find(session, run_id) for run_id in started]


def start_first(session: TenantSession, account_id: UUID, *, user_id: UUID) -> None:
    """The first sync of an account that was just connected, of what is switched on."""
    for scope in (scope for scope in LEADING if wants_sync(session, account_id, scope)):
        start(session, account_id, scope, days=FIRST_DAYS, trigger="connect", user_id=user_id)


def start(
    session: TenantSession, account_id: UUID, scope: Scope, *, days: int, trigger: Trigger, user_id: UUID | None = None
) -> UUID | None:
    """The new run, its first page waiting in the sync lane; None where one is running or paused.

    Scheduled runs go on from where every update was seen, however long ago; the others go `days` back.
    """
    run_id, moment, depth = uuid7(), now(), SPECS[scope].depth(session, account_id, days, trigger)
    if depth is None:
        return None
    newest = queries.newest_update(session, account_id, scope) if trigger == "schedule" else None
    if newest is not None and scope == "orders":
        depth = days_since(newest, moment)
    inserted = queries.insert_run(
        session,
        run_id=run_id,
        account_id=account_id,
        scope=scope,
        days=depth,
        trigger=trigger,
        cursor=SPECS[scope].first_cursor(depth, newest),
        user_id=user_id,
        moment=moment,
    )
    if not inserted:
        return None
    queue_page(session, run_id, 0)
    live.forget(session, account_id)
    return run_id


def start_or_revive(
    session: TenantSession, account_id: UUID, scope: Scope, *, days: int = FIRST_DAYS, trigger: Trigger = "schedule"
) -> None:
    """A fresh run; or the next page again for a run whose job was lost; or a fresh one for a hopeless run.

    A paused run stays as it is: someone wanted that.
    """
    held = queries.running(session, account_id, scope)
    if held is not None:
        if held["progressed_at"] > now() - STALLED:
            return
        if held["started_at"] > now() - HOPELESS:
            queries.touch(session, held["id"], moment=now())
            queue_page(session, held["id"], held["page"])
            return
        fail(session, held["id"], "stalled")
    start(session, account_id, scope, days=days, trigger=trigger)


def queue_page(session: TenantSession, run_id: UUID, page: int) -> None:
    """The run's one job, in the caller's transaction: there is never a second one beside it."""
    job = PageJob(tenant_id=session.tenant_id, run_id=run_id, page=page)
    lanes.put(session, Lane.SYNC, [Job(str(run_id), job.model_dump_json())])


def complete(session: TenantSession, run_id: UUID) -> None:
    """Ends a run that reached its end, and starts what follows it."""
    account_id = queries.finish(session, run_id, status="done", errors=[], moment=now())
    if account_id is None:
        return
    live.forget(session, account_id)
    accounts.note_sync(session, account_id, moment=now(), trouble=None)
    ended = find(session, run_id)
    # A scheduled run goes no further back than it must; what follows it has things to look after that are older.
    days = FIRST_DAYS if ended.trigger == "schedule" else ended.days
    for scope, spec in SPECS.items():
        if spec.follows == ended.scope:
            start_or_revive(session, account_id, scope, days=days, trigger=ended.trigger)


def fail(session: TenantSession, run_id: UUID, code: str) -> None:
    """Ends a run that cannot go on; `code` says why, on the run and on the account."""
    fault = SyncError(code=code, at=now()).model_dump(mode="json")
    account_id = queries.finish(session, run_id, status="failed", errors=[fault], moment=now())
    if account_id is not None:
        live.forget(session, account_id)
        accounts.note_sync(session, account_id, moment=now(), trouble=code[:60])


def find(session: TenantSession, run_id: UUID) -> SyncRun:
    row = queries.run(session, run_id)
    if row is None:
        raise NotFound
    return _run(row)


def status(session: TenantSession, account_id: UUID) -> SyncStatus:
    """The newest run of each scope: the rows that the worker writes page by page, or a copy of them (sync/live.py)."""
    copy = live.copy_of(session, account_id)
    if copy is None:
        copy = read_status(session, account_id)
        live.keep(session, account_id, copy)
    return copy


def read_status(session: TenantSession, account_id: UUID) -> SyncStatus:
    """The same out of the rows. Raises NotFound for an account that the tenant has not."""
    connected_account(session, account_id)
    runs = [_run(row) for row in queries.latest_runs(session, account_id)]
    return SyncStatus(running=any(run.status == "running" for run in runs), runs=runs)


def history(session: TenantSession, *, account_id: UUID | None, limit: int, cursor: str | None) -> Page[SyncRun]:
    """Newest first."""
    rows = queries.runs(session, account_id=account_id, before=newest_first(cursor, UUID, LAST_ID), limit=limit)
    return page_of([_run(row) for row in rows], limit, key=lambda run: (run.started_at, run.id))


def _run(row: Row) -> SyncRun:
    counted: dict[str, Any] = {name: row[f"{name}_processed"] for name in Counters.model_fields}
    plain = {name: row[name] for name in SyncRun.model_fields if name in row}
    return SyncRun(processed=Counters(**counted), progress=_progress(row, counted), **plain)


def _progress(row: Row, counted: dict[str, int]) -> Progress:
    counts = SPECS[row["scope"]].counts
    done, expected = counted[counts] if counts else sum(counted.values()), row["expected"]
    if row["status"] == "done":
        return Progress(done=done, expected=expected, percent=100)
    if expected is None:
        return Progress(done=done)
    # Pages may be read twice, and things may come while we read: only the end is 100 %.
    return Progress(done=done, expected=expected, percent=min(99, 100 * done // max(1, expected)))
