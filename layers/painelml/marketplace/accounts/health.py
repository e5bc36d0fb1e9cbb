"""How well each connection is: what a client sees of it, and the warnings that calls leave and take away.

A warning is kept in the account's row as `reason` or `reason:about`. It never changes the account's status: only a dead grant
asks the seller to connect again, and a missing permission is not one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.observability import logger
from painelml.marketplace.accounts import queries
from painelml.marketplace.accounts.models import ConnectedAccount, Health, HealthProblem, Reconnect

Reason = Literal["permission_missing", "pending_kyc", "account_restricted", "refresh_refused", "topic_silent"]

RESTRICTED: frozenset[str] = frozenset({"pending_kyc", "account_restricted"})
"""Of the whole account: while they hold, Mercado Livre refuses every call, so any answer ends them."""
CURED_BY_CONSENT = frozenset({"permission_missing", "refresh_refused"})
LONGEST = 80


def warning(reason: Reason, about: str | None = None) -> str:
    """How a warning is kept."""
    return f"{reason}:{about}"[:LONGEST] if about else reason


def note(account: ConnectedAccount, reason: Reason, about: str | None = None) -> None:
    """Keeps a warning, in a transaction of its own; one that the account has is not written again."""
    entry = warning(reason, about)
    if entry in account.warnings:
        return
    logger.warning("connection in trouble", extra={"account_id": str(account.id), "reason": entry})
    with tenant_session(account.tenant_id) as session:
        queries.add_warning(session, account.id, entry)


def clear(account: ConnectedAccount, entries: Iterable[str]) -> None:
    """Takes warnings away that the account has."""
    over = sorted(account.warnings.intersection(entries))
    if over:
        logger.info("connection well again", extra={"account_id": str(account.id), "reasons": over})
        with tenant_session(account.tenant_id) as session:
            queries.drop_warnings(session, account.id, over)


def settle(session: TenantSession, account_id: UUID, reason: Reason, about: str | None = None, *, holds: bool) -> None:
    """The same within a transaction, for whoever finds out about an account without calling Mercado Livre."""
    entry = warning(reason, about)
    if holds:
        queries.add_warning(session, account_id, entry)
    else:
        queries.drop_warnings(session, account_id, [entry])


def health_of(row: Row, *, application_blocked: bool) -> Health:
    """The worst first."""
    problems = [*_broken(row), *([HealthProblem(reason="application_blocked", about=None)] if application_blocked else [])]
    warned = [_problem(entry) for entry in row["warnings"]]
    problems += sorted(warned, key=lambda problem: problem.reason not in RESTRICTED)
    if row["status"] == "ACTIVE" and row["sync_trouble"]:
        problems.append(HealthProblem(reason=row["sync_trouble"], about="sync"))
    is_broken = row["status"] != "ACTIVE" or any(problem.reason in RESTRICTED for problem in problems)
    return Health(
        state="broken" if is_broken else "warning" if problems else "ok",
        reason=problems[0].reason if problems else None,
        problems=problems,
    )


def reconnect_of(row: Row) -> Reconnect | None:
    """Where giving the permission again would help, how to ask for it."""
    helps = row["status"] == "RECONNECT_REQUIRED" or any(
        _problem(entry).reason in CURED_BY_CONSENT for entry in row["warnings"]
    )
    return Reconnect(body={"site_id": row["site_id"]}) if helps else None


def _broken(row: Row) -> list[HealthProblem]:
    if row["status"] == "ACTIVE":
        return []
    if row["status"] == "FROZEN":
        return [HealthProblem(reason="plan_limit", about=None)]
    return [HealthProblem(reason=row["status_reason"] or row["status"].lower(), about=None)]


def _problem(entry: str) -> HealthProblem:
    reason, _, about = entry.partition(":")
    return HealthProblem(reason=reason, about=about or None)
