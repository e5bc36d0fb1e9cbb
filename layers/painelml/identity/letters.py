"""The letters that people get, and the job by which they are written.

A request only queues a job, whatever it found: so an unknown address costs what a known one costs, in the same time. A token is
made where it is sent and travels in no message. The job is sealed, because it names an address.
"""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from painelml.core.config import config
from painelml.core.crypto import seal, unseal
from painelml.core.errors import ServiceUnavailable
from painelml.core.mail import Letter
from painelml.core.observability import logger
from painelml.core.queues import Outgoing, send_all

Kind = Literal["reset_password", "verify_email", "invitation", "password_changed", "email_changed", "second_factor_changed"]

RESET_LIFE = timedelta(minutes=30)
VERIFY_LIFE = timedelta(hours=24)
INVITATION_LIFE = timedelta(days=7)
FOLDER = Path(__file__).with_name("letters")

_BOUND_TO = "letter"
_GROUP = "letters"
_URL = re.compile(r"https?://\S+")


class Wanted(BaseModel):
    """A letter to write: `person` for verify_email, `tenant_id` and `invitation` for an invitation."""

    kind: Kind
    language: str
    email: str = ""
    person: UUID | None = None
    tenant_id: UUID | None = None
    invitation: UUID | None = None


class LetterJob(BaseModel):
    """`Wanted`, as a sealed message of painelml-jobs."""

    kind: Literal["letter"] = "letter"
    sealed: str


def queue(wanted: Wanted) -> None:
    """Has the letter written soon; raises ServiceUnavailable when SQS does not take the job."""
    from botocore.exceptions import BotoCoreError, ClientError

    sealed = base64.b64encode(seal(wanted.model_dump_json(), bound_to=_BOUND_TO)).decode()
    try:
        send_all(config().require("queue_jobs"), [Outgoing(LetterJob(sealed=sealed).model_dump_json(), _GROUP)])
    except (BotoCoreError, ClientError, RuntimeError) as error:
        raise ServiceUnavailable from error


def queue_after(wanted: Wanted) -> None:
    """The same after something was committed, which stands whether or not the letter about it can be sent."""
    try:
        queue(wanted)
    except ServiceUnavailable as error:
        logger.error("letter not queued", extra={"letter": wanted.kind, "reason": type(error.__cause__).__name__})


def opened(job: LetterJob) -> Wanted:
    """What a job asks for; raises SealBroken for one that is not ours."""
    return Wanted.model_validate_json(unseal(base64.b64decode(job.sealed), bound_to=_BOUND_TO))


def render(kind: Kind, language: str, **values: Any) -> Letter:
    """The letter from its file, whose first line is the subject. Values are text: in HTML they are escaped."""
    text = (FOLDER / f"{kind}.{language}.txt").read_text(encoding="utf-8")
    # One line each: a value must not begin a header or a paragraph of its own.
    on_one_line = {name: " ".join(str(value).split()) for name, value in values.items()}
    subject, _, body = Template(text).substitute(on_one_line).partition("\n")
    paragraphs = "\n".join(f"<p>{_linked(part)}</p>" for part in body.strip().split("\n\n"))
    frame = Template((FOLDER / "frame.html").read_text(encoding="utf-8"))
    html = frame.substitute(language=language, subject=escape(subject), body=paragraphs)
    return Letter(subject=subject, text=body.strip() + "\n", html=html)


def _linked(paragraph: str) -> str:
    if _URL.fullmatch(paragraph):
        return f'<a href="{escape(paragraph)}">{escape(paragraph)}</a>'
    return escape(paragraph)
