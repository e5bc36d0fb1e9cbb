"""Ways back in, and proofs of an address, for people who are not logged in: what a letter's token allows, once."""

from __future__ import annotations

from painelml.core.clock import now
from painelml.core.crypto import token_hash
from painelml.core.db import UniqueViolation, directory_session, tenant_session
from painelml.core.errors import InvalidRequest
from painelml.core.ids import uuid7
from painelml.core.observability import log_tenant, logger
from painelml.identity import letters, queries
from painelml.identity.errors import LinkOver
from painelml.identity.letters import Wanted
from painelml.identity.models import Acceptance, Accepted, EmailProof, ForgottenPassword, PasswordReset, Queued
from painelml.identity.passwords import hash_password, refuse_common
from painelml.identity.throttle import Attempt
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
    logger.info("password reset", extra={"user_id": str(person["user_id"])})
    letters.queue_after(Wanted(kind="password_changed", language=language, email=person["email"]))


def verify_email(wanted: EmailProof, *, language: str) -> None:
    """The address that the letter went to is the account's, and proved; raises LinkOver, EmailTaken."""
    with directory_session() as session, tenancy.email_kept_unique():
        proved = queries.verify_email(session, token_hash(wanted.token.get_secret_value()), moment=now())
    if proved is None:
        raise LinkOver
    logger.info("e-mail verified", extra={"user_id": str(proved["user_id"])})
    if proved["old_email"] != proved["new_email"]:
        letters.queue_after(Wanted(kind="email_changed", language=language, email=proved["old_email"]))


def accept_invitation(wanted: Acceptance) -> Accepted:
    """A membership, for the address's own account or for a new one; raises LinkOver, InvalidRequest, WeakPassword."""
    token = token_hash(wanted.token.get_secret_value())
    with directory_session() as session:
        found = queries.read_invitation(session, token, moment=now())
    if found is None:
        raise LinkOver
    hashed = None if found["is_registered"] else _new_password(wanted, found["email"], found["tenant_name"])
    try:
        with tenant_session(found["tenant_id"]) as session:
            person = queries.accept_invitation(
                session, token, new_person=uuid7(), name=wanted.name, password_hash=hashed, moment=now()
            )
            if person is None:
                raise LinkOver
    except UniqueViolation:
        raise LinkOver from None  # someone registered the address at this very moment: nothing was written
    log_tenant(found["tenant_id"])
    logger.info("invitation accepted", extra={"user_id": str(person)})
    return Accepted(tenant_id=found["tenant_id"], user_id=person)


def _new_password(wanted: Acceptance, email: str, company: str) -> str:
    missing = [name for name in ("name", "password") if getattr(wanted, name) is None]
    if wanted.name is None or wanted.password is None:
        raise InvalidRequest(errors=[{"field": name, "message": "needed to make the account"} for name in missing])
    password = wanted.password.get_secret_value()
    refuse_common(password, wanted.name, email, company)
    return hash_password(password)
