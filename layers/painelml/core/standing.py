"""What a tenant's state allows: one table (K46), asked where a transaction enters a tenant (core/db.py).

A request is judged by its method, a worker by what it does. The state is read in the same round trip that enters the tenant, so
that a suspension bites at the next request, not when the access token expires a quarter of an hour later.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import ClassVar

from painelml.core.errors import Forbidden, NotFound, Text, Unauthenticated


class TenantStatus(StrEnum):
    """K46."""

    PROVISIONING = "PROVISIONING"
    TRIAL = "TRIAL"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"


class Act(StrEnum):
    """Something that a state allows or not. NOTIFY: a provider's notification is kept; SYNC: what it asks for is done."""

    SIGN_IN = "SIGN_IN"
    READ = "READ"
    WRITE = "WRITE"
    SYNC = "SYNC"
    NOTIFY = "NOTIFY"


_ALL = frozenset(Act)
MAY: dict[TenantStatus, frozenset[Act]] = {
    TenantStatus.PROVISIONING: frozenset(),
    TenantStatus.TRIAL: _ALL,
    TenantStatus.ACTIVE: _ALL,
    TenantStatus.PAST_DUE: _ALL,  # days of grace: nothing is taken away yet, and /me says what is coming
    TenantStatus.SUSPENDED: frozenset({Act.NOTIFY}),  # kept, so that nothing is lost for one who pays next week
    TenantStatus.CANCELLED: frozenset(),
}
REVOKED = "REVOKED"


class TenantClosed(Forbidden):
    """`tenant_status` is the state that does not allow it."""

    code = "tenant_closed"
    title: ClassVar[Text] = {"pt-BR": "Conta suspensa ou encerrada", "en": "Account suspended or closed"}
    detail: ClassVar[Text] = {
        "pt-BR": "A situação da conta é {tenant_status} e não permite isto. Regularize a conta ou fale com o suporte.",
        "en": "The account's status is {tenant_status}, which does not allow this. Settle the account or ask support.",
    }


class SessionRevoked(Unauthenticated):
    code = "session_over"
    title: ClassVar[Text] = {"pt-BR": "Sessão encerrada", "en": "Session over"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta sessão foi encerrada. Entre de novo com e-mail e senha.",
        "en": "This session was ended. Log in again with e-mail and password.",
    }


_act: ContextVar[Act | None] = ContextVar("act", default=None)


def current_act() -> Act | None:
    """What is being done, None where no one judges it (operations, and before anyone has signed in)."""
    return _act.get()


@contextmanager
def acting(act: Act | None) -> Generator[None]:
    """Says what is being done for as long as the block runs."""
    token = _act.set(act)
    try:
        yield
    finally:
        _act.reset(token)


def act_of(method: str) -> Act:
    """What a request of this HTTP method does to a tenant."""
    return Act.READ if method in ("GET", "HEAD", "OPTIONS") else Act.WRITE


def judge(status: str | None, act: Act, *, visiting: bool = False) -> None:
    """Raises SessionRevoked, TenantClosed, or NotFound for a tenant that is not there. A visitor reads in any state."""
    if status == REVOKED:
        raise SessionRevoked
    if status is None:
        raise NotFound
    if act not in MAY[TenantStatus(status)] and not (visiting and act is Act.READ):
        raise TenantClosed(tenant_status=status)
