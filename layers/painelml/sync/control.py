"""Pausing, resuming and cancelling a run. Each may be asked for twice: the second time finds it done.

The run's row is locked first. A page that is being written holds it too, so its rows, counters and cursor are committed before
the change, or not at all: turn_page finds no running run then.
"""

from __future__ import annotations

from uuid import UUID

from painelml.audit import AuditEvent, record
from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.sync import live, queries, service
from painelml.sync.models import RunOver, RunStatus, SyncRun
from painelml.sync.states import before

EVENTS: dict[RunStatus, AuditEvent] = {
    "paused": AuditEvent.SYNC_PAUSED,
    "running": AuditEvent.SYNC_RESUMED,
    "cancelled": AuditEvent.SYNC_CANCELLED,
}


def pause(session: TenantSession, run_id: UUID, *, actor: UUID) -> SyncRun:
    """The run keeps its place, and the account's scope stays taken: no other run of it starts, not by schedule either."""
    _change(session, run_id, "paused", actor)
    return service.find(session, run_id)


def resume(session: TenantSession, run_id: UUID, *, actor: UUID) -> SyncRun:
    """Goes on with the page that is next. Raises what starting one raises when the account cannot be synchronised now."""
    changed = _change(session, run_id, "running", actor)
    if changed is not None:
        service.ready_account(session, changed["account_id"])
        service.queue_page(session, run_id, changed["page"])
    return service.find(session, run_id)


def cancel(session: TenantSession, run_id: UUID, *, actor: UUID) -> SyncRun:
    """For good. What was brought in stays, and another run may start."""
    _change(session, run_id, "cancelled", actor)
    return service.find(session, run_id)


def _change(session: TenantSession, run_id: UUID, status: RunStatus, actor: UUID) -> Row | None:
    """The run as it was, None where it is in this state already. Raises NotFound, or RunOver for one that has ended."""
    held = queries.lock_run(session, run_id)
    if held is None:
        raise NotFound
    if held["status"] == status:
        return None
    if held["status"] not in before(status):
        raise RunOver(run_status=held["status"], account_id=str(held["account_id"]))
    queries.change_status(session, run_id, status=status, moment=now())
    details = {"account_id": str(held["account_id"]), "scope": held["scope"]}
    record(session, EVENTS[status], actor=actor, subject=str(run_id), details=details)
    live.forget(session, held["account_id"])
    return held
