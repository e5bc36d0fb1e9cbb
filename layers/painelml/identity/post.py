"""What the worker does with a letter's job: makes the token, keeps its hash, sends the link."""

from __future__ import annotations

from painelml.core.clock import now
from painelml.core.crypto import random_token, token_hash
from painelml.core.db import directory_session, tenant_session
from painelml.core.mail import send
from painelml.core.observability import logger
from painelml.core.secrets import parameter
from painelml.identity import letters, queries
from painelml.identity.letters import LetterJob, Wanted

PAGES = {
    "reset_password": "reset-password",
    "verify_email": "verify-email",
    "invitation": "accept-invitation",
    "password_changed": "forgot-password",
    "email_changed": "support",
    "second_factor_changed": "settings",
}


def deliver(job: LetterJob) -> None:
    """Writes and sends one letter; none where its reason is gone. Raises what SES or the database raise."""
    wanted = letters.opened(job)
    token = random_token()
    with_token = _WRITERS.get(wanted.kind)
    found = with_token(wanted, token_hash(token)) if with_token else {"to": wanted.email}
    if found is None:
        logger.info("letter not needed", extra={"letter": wanted.kind})
        return
    # Behind the #, so that a token stays in the browser: no server's or proxy's log sees it.
    link = f"{parameter('web_url')}/#{PAGES[wanted.kind]}" + (f"?token={token}" if with_token else "")
    send(found.pop("to"), letters.render(wanted.kind, wanted.language, link=link, **found))


def _reset(wanted: Wanted, token: bytes) -> dict[str, str] | None:
    with directory_session() as session:
        row = queries.issue_reset_token(session, wanted.email, token, moment=now(), until=now() + letters.RESET_LIFE)
    return row and {"to": wanted.email, "name": row["person_name"]}


def _verify(wanted: Wanted, token: bytes) -> dict[str, str] | None:
    with directory_session() as session:
        row = queries.issue_email_token(
            session, wanted.person, wanted.email, token, moment=now(), until=now() + letters.VERIFY_LIFE
        )
    return {"to": wanted.email, "name": row["person_name"]} if row["outcome"] == "issued" else None


def _invite(wanted: Wanted, token: bytes) -> dict[str, str] | None:
    if wanted.tenant_id is None or wanted.invitation is None:
        raise ValueError("A letter of invitation needs its tenant and its row.")
    with tenant_session(wanted.tenant_id) as session:
        row = queries.arm_invitation(session, wanted.invitation, token, moment=now())
    return row and {"to": row["email"], "company": row["tenant_name"]}


_WRITERS = {"reset_password": _reset, "verify_email": _verify, "invitation": _invite}
