"""The second factor of an account: switched on with a code, asked for at login, each code good for one login."""

from __future__ import annotations

from uuid import UUID

from painelml.audit import AuditEvent, record
from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.crypto import seal, token_hash, unseal
from painelml.core.db import TenantSession, tenant_session
from painelml.core.errors import NotFound
from painelml.identity import letters, queries, totp
from painelml.identity.errors import TotpState, WrongCode
from painelml.identity.letters import Wanted
from painelml.identity.models import RecoveryCodes, TotpBegun, TotpStatus


def is_on(tenant_id: UUID, person: UUID) -> bool:
    with tenant_session(tenant_id) as session:
        held = queries.account_of(session, person)
    return held is not None and held["totp_confirmed_at"] is not None


def spend(tenant_id: UUID, person: UUID, given: str) -> None:
    """Uses up a code of the app or a recovery code; raises WrongCode. Fine with any code where no second factor is on."""
    with tenant_session(tenant_id) as session:
        held = queries.account_of(session, person)
        if held is None or held["totp_confirmed_at"] is None:
            return
        code = totp.plain(given)
        if len(code) == totp.DIGITS:
            step = totp.step_of(_secret(held["totp_secret"], person), code, now())
            good = step is not None and queries.use_totp_step(session, person, step)
        else:
            good = queries.use_recovery_code(session, person, token_hash(code))
            if good:
                record(session, AuditEvent.RECOVERY_CODE_USED, actor=person)
    if not good:
        raise WrongCode


def status(session: TenantSession, caller: Caller) -> TotpStatus:
    held = queries.account_of(session, caller.user_id)
    if held is None:
        raise NotFound
    return TotpStatus(enabled=held["totp_confirmed_at"] is not None, recovery_codes_left=held["recovery_codes_left"])


def begin(caller: Caller, email: str) -> TotpBegun:
    """A fresh secret, not yet in force; raises TotpState where one is in force."""
    secret = totp.new_secret()
    with tenant_session(caller.tenant_id) as session:
        if not queries.begin_totp(session, caller.user_id, seal(secret, bound_to=_owner(caller.user_id))):
            raise TotpState
    return TotpBegun(secret=secret, otpauth_uri=totp.uri(secret, account=email))


def confirm(caller: Caller, given: str, language: str) -> RecoveryCodes:
    """Puts the secret in force, once a code shows that the app has it; raises TotpState, WrongCode."""
    codes = totp.new_recovery_codes()
    with tenant_session(caller.tenant_id) as session:
        held = queries.account_of(session, caller.user_id)
        if held is None or held["totp_secret"] is None or held["totp_confirmed_at"] is not None:
            raise TotpState
        step = totp.step_of(_secret(held["totp_secret"], caller.user_id), totp.plain(given), now())
        if step is None:
            raise WrongCode
        confirmed = queries.confirm_totp(
            session,
            caller.user_id,
            sealed=bytes(held["totp_secret"]),
            step=step,
            codes=[token_hash(totp.plain(code)) for code in codes],
            moment=now(),
        )
        if not confirmed:
            raise TotpState
        record(session, AuditEvent.SECOND_FACTOR_ADDED, actor=caller.user_id)
    letters.queue_after(Wanted(kind="second_factor_changed", language=language, email=held["email"]))
    return RecoveryCodes(recovery_codes=codes)


def give_up(caller: Caller, email: str, language: str) -> None:
    """After both proofs were given again."""
    with tenant_session(caller.tenant_id) as session:
        queries.end_totp(session, caller.user_id)
        record(session, AuditEvent.SECOND_FACTOR_REMOVED, actor=caller.user_id)
    letters.queue_after(Wanted(kind="second_factor_changed", language=language, email=email))


def _secret(sealed: bytes, person: UUID) -> str:
    return unseal(sealed, bound_to=_owner(person))


def _owner(person: UUID) -> str:
    return f"user/{person}/totp"
