"""One's own account: password, e-mail, sessions. What matters asks for the password again (ASVS 7.5.1)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from painelml.audit import AuditEvent, record
from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.errors import Conflict, NotFound
from painelml.core.observability import logger
from painelml.identity import letters, queries, second_factor
from painelml.identity.errors import WrongPassword
from painelml.identity.letters import Wanted
from painelml.identity.models import (
    EmailChange,
    PasswordChange,
    Proof,
    ProofWithCode,
    Queued,
    RecoveryCodes,
    Session,
    SessionsEnded,
    TotpBegun,
)
from painelml.identity.passwords import hash_password, matches, refuse_common
from painelml.identity.sessions import throttling_entered
from painelml.identity.throttle import Attempt


def change_password(caller: Caller, wanted: PasswordChange, *, address: str, language: str) -> None:
    """Raises WrongPassword, WeakPassword, TooManyTries, and Conflict when the password changed meanwhile."""
    password = wanted.new_password.get_secret_value()
    with _proved(caller, wanted.current_password.get_secret_value(), address) as account:
        refuse_common(password, account["name"], account["email"])
        hashed = hash_password(password)
        with tenant_session(caller.tenant_id) as session:
            changed = queries.change_password(
                session,
                caller.user_id,
                old_hash=account["password_hash"],
                new_hash=hashed,
                spared=caller.session_id,
                moment=now(),
            )
            if not changed:
                raise Conflict
            record(session, AuditEvent.PASSWORD_CHANGED, actor=caller.user_id)
    logger.info("password changed")
    letters.queue_after(Wanted(kind="password_changed", language=language, email=account["email"]))


def change_email(caller: Caller, wanted: EmailChange, *, address: str, language: str) -> Queued:
    """The same answer for an address that is someone else's, to which nothing is sent. Raises WrongPassword, TooManyTries."""
    with _proved(caller, wanted.current_password.get_secret_value(), address):
        letters.queue(Wanted(kind="verify_email", language=language, email=wanted.email, person=caller.user_id))
    return Queued()


def sessions(session: TenantSession, caller: Caller) -> list[Session]:
    """Where the caller is logged in, the last used first; 200 at most."""
    rows = queries.own_sessions(session, caller.user_id, moment=now())
    return [Session(**row, current=row["id"] == caller.session_id) for row in rows]


def end_session(session: TenantSession, caller: Caller, session_id: UUID) -> None:
    """Raises NotFound, for someone else's too. An access token of the session lives on for 15 minutes at most (K11)."""
    if not queries.end_own_session(session, caller.user_id, session_id, moment=now()):
        raise NotFound
    record(session, AuditEvent.SESSION_ENDED, actor=caller.user_id, subject=str(session_id))


def end_sessions(session: TenantSession, caller: Caller) -> SessionsEnded:
    """All of them, the caller's own among them."""
    ended = queries.end_own_sessions(session, caller.user_id, moment=now())
    record(session, AuditEvent.SESSIONS_ENDED, actor=caller.user_id, details={"sessions": ended})
    return SessionsEnded(ended=ended)


def begin_totp(caller: Caller, wanted: Proof, *, address: str) -> TotpBegun:
    """Raises WrongPassword, TotpState, TooManyTries."""
    with _proved(caller, wanted.current_password.get_secret_value(), address) as account:
        return second_factor.begin(caller, account["email"])


def confirm_totp(caller: Caller, code: str, *, address: str, language: str) -> RecoveryCodes:
    """Raises WrongCode, TotpState, TooManyTries."""
    attempt = Attempt("login", account=str(caller.user_id), address=address)
    codes = second_factor.confirm(caller, code, language)
    attempt.succeeded()
    return codes


def give_up_totp(caller: Caller, wanted: ProofWithCode, *, address: str, language: str) -> None:
    """Raises WrongPassword, WrongCode, TooManyTries."""
    with _proved(caller, wanted.current_password.get_secret_value(), address) as account:
        second_factor.spend(caller.tenant_id, caller.user_id, wanted.code.get_secret_value())
        second_factor.give_up(caller, account["email"], language)


@contextmanager
def _proved(caller: Caller, password: str, address: str) -> Generator[Row]:
    """The caller's account, after the password was given again. What fails inside counts as a failed try."""
    with tenant_session(caller.tenant_id) as session:
        account = queries.account_of(session, caller.user_id)
    if account is None:
        raise NotFound
    with throttling_entered(account["email"]):
        attempt = Attempt("login", account=account["email"], address=address)
    if not matches(account["password_hash"], password):
        raise WrongPassword
    yield account
    attempt.succeeded()
