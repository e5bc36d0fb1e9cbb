"""Mail through SES (v2). What is sent and to whom is never logged: a line carries SES's message id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from painelml.core.aws import ses
from painelml.core.config import config
from painelml.core.observability import logger


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message in one language: both bodies say the same."""

    subject: str
    text: str
    html: str


def send(to: str, letter: Letter) -> None:
    """Hands `letter` to SES, from PAINEL_MAIL_FROM; raises botocore's errors where SES does not take it."""
    content: dict[str, Any] = {
        "Simple": {
            "Subject": {"Data": letter.subject, "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": letter.text, "Charset": "UTF-8"},
                "Html": {"Data": letter.html, "Charset": "UTF-8"},
            },
        }
    }
    sent = ses().send_email(FromEmailAddress=config().require("mail_from"), Destination={"ToAddresses": [to]}, Content=content)
    logger.info("letter sent", extra={"message_id": sent["MessageId"]})
