"""Outgoing messages as clients see them, and the job that sends one."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from painelml.core.errors import Conflict, PainelError, Text
from painelml.core.fields import Order
from painelml.core.wire import Moment

LONGEST = 350
MOST_FILES = 25


class NewMessage(Order):
    """What to tell the buyer of a pack (or of the order, where the sale has no pack). Automatic texts are forbidden there."""

    pack_id: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]
    attachments: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,120}$")]],
        Field(max_length=MOST_FILES, default_factory=list, description="Ids of files that Mercado Livre has."),
    ]


class OutgoingMessage(BaseModel):
    """`reason` says why it was refused. `unknown`: Mercado Livre never confirmed it; look into the conversation."""

    id: UUID
    pack_id: str
    account_id: UUID
    text: str
    status: Literal["queued", "sending", "sent", "refused", "unknown"]
    reason: str | None
    message_id: str | None
    created_at: Moment
    settled_at: Moment | None


class SendJob(BaseModel):
    """Send this row, once."""

    kind: Literal["outgoing_message"] = "outgoing_message"
    tenant_id: UUID
    outgoing_id: UUID


class TextRefused(PainelError):
    """`reason` is Mercado Livre's name for what its moderation would reject."""

    status = 422
    code = "outgoing_text_refused"
    title: ClassVar[Text] = {"pt-BR": "Texto não permitido", "en": "Text not allowed"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre recusaria este texto ({reason}): sem links, contatos ou redes sociais. Nada foi enviado.",
        "en": "Mercado Livre would reject this text ({reason}): no links, contacts or social networks. Nothing was sent.",
    }


class ConversationBlocked(Conflict):
    """`substatus` is Mercado Livre's reason, such as `blocked_by_mediation`."""

    code = "conversation_blocked"
    title: ClassVar[Text] = {"pt-BR": "Conversa bloqueada", "en": "Conversation blocked"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre não aceita mensagens nesta conversa ({substatus}). Nada foi enviado.",
        "en": "Mercado Livre takes no messages in this conversation ({substatus}). Nothing was sent.",
    }
