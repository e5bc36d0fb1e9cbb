"""Ways back in, and proofs of an address, for people who are not logged in: what a letter's token allows, once."""

from __future__ import annotations

from uuid import UUID

from painelml.audit import AuditEvent, record, record_outside
from painelml.core.clock import now
from painelml.core.crypto import token_hash
from painelml.core.db import Session, UniqueViolation, directory_session, tenant_session
from painelml.core.errors import InvalidRequest
from painelml.core.ids import uuid7
from painelml.core.observability import log_tenant, logger
from painelml.identity import letters, queries
from painelml.identity.errors import LinkOver
from painelml.identity.letters import Wanted
from painelml.identity.models import Acceptance, Accepted, EmailProof, ForgottenPassword, PasswordReset, Queued
from painelml.identity.passwords import hash_password, refuse_common
from painelml.identity.permissions import Role
from painelml.identity.throttle import Attempt
from painelml.plans import service as plans
from painelml.plans.models import Entitlement
from painelml.tenancy import service as tenancy


def forget_password(wanted: ForgottenPassword, *, address: str, language: str) -> Queued:
    """The same work and the same answer for any e-mail: only the worker looks whether it is anyone's. Raises TooManyTries."""
    Attempt("reset", account=wanted.email, address=address)
    letters.queue(Wanted(kind="reset_password", language=language, email=wanted.email))
    return Queued()


def reset_password(wanted: PasswordReset, *, language: str) -> None:
    """A new password; every session ends. Raises LinkOver, WeakPassword (the link stays good)."""
    token, password = token_hash(wanted.token.get_secret_value()), wanted.password.get_secret_value()
    with directory_session() as session:
        person = queries.read_reset_token(session, token, moment=now())
    if person is None:
        raise LinkOver
    refuse_common(password, person["person_name"], person["email"])
    hashed = hash_password(password)
    with directory_session() as session:
        if not queries.reset_password(session, token, new_hash=hashed, moment=now()):
            raise LinkOver
        _enter(session, AuditEvent.PASSWORD_RESET, person["user_id"])
    logger.info("password reset", extra={"user_id": str(person["user_id"])})
    letters.queue_after(Wanted(kind="password_changed", language=language, email=person["email"]))


def verify_email(wanted: EmailProof, *, language: str) -> None:
    """The address that the letter went to is the account's, and proved; raises LinkOver, EmailTaken."""
    with directory_session() as session, tenancy.email_kept_unique():
        proved = queries.verify_email(session, token_hash(wanted.token.get_secret_value()), moment=now())
        if proved is None:
            raise LinkOver
        is_new = proved["old_email"] != proved["new_email"]
        _enter(session, AuditEvent.EMAIL_CHANGED if is_new else AuditEvent.EMAIL_VERIFIED, proved["user_id"])
    logger.info("e-mail verified", extra={"user_id": str(proved["user_id"])})
    if is_new:
        letters.queue_after(Wanted(kind="email_changed", language=language, email=proved["old_email"]))


def accept_invitation(wanted: Acceptance) -> Accepted:
    """A membership, for the address's own account or for a new one; raises LinkOver, InvalidRequest, WeakPassword.

    Raises LimitReached where the plan has no room for one more who may do more than look: the invitation stays open.
    """
    token = token_hash(wanted.token.get_secret_value())
    with directory_session() as session:
        found = queries.read_invitation(session, token, moment=now())
    if found is None:
        raise LinkOver
    hashed = None if found["is_registered"] else _new_password(wanted, found["email"], found["tenant_name"])
    try:
        with tenant_session(found["tenant_id"]) as session:
            if found["role"] != Role.VIEWER:
                plans.check_and_consume(session, Entitlement.AGENTS)
            person = queries.accept_invitation(
                session, token, new_person=uuid7(), name=wanted.name, password_hash=hashed, moment=now()
            )
            if person is None:
                raise LinkOver
            record(session, AuditEvent.USER_JOINED, actor=person, subject=str(person), details={"role": found["role"]})
    except UniqueViolation:
        raise LinkOver from None  # someone registered the address at this very moment: nothing was written
    log_tenant(found["tenant_id"])
    logger.info("invitation accepted", extra={"user_id": str(person)})
    return Accepted(tenant_id=found["tenant_id"], user_id=person)


def _enter(session: Session, event: AuditEvent, person: UUID) -> None:
    """In the log of the tenant where the person's login begins; in our own for someone who may enter none."""
    record_outside(session, event, tenant=queries.way_in_of(session, person), actor=person)


def _new_password(wanted: Acceptance, email: str, company: str) -> str:
    missing = [name for name in ("name", "password") if getattr(wanted, name) is None]
    if wanted.name is None or wanted.password is None:
        raise InvalidRequest(errors=[{"field": name, "message": "needed to make the account"} for name in missing])
    password = wanted.password.get_secret_value()
    refuse_common(password, wanted.name, email, company)
    return hash_password(password)
