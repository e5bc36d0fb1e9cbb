"""Messages and conversations: as clients see them, and as Mercado Livre tells of them.

Its pages disagree on this payload (numbers or text, upper or lower case, `seller` or `sellers`, two shapes of one message), so
it is read leniently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from painelml.core.pages import Page
from painelml.core.wire import Moment
from painelml.marketplace.documents import Document, either, with_raw

PLACE = re.compile(r"/?packs/([1-9][0-9]{0,17})/sellers/([1-9][0-9]{0,17})(?:/.*)?", re.ASCII)
"""A conversation's place: the pack, or the order where there is none, and the seller."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Word = Annotated[str, BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)]


class Attachment(BaseModel):
    """A file that came with a message; `id` is what Mercado Livre keeps it under."""

    id: str
    name: str | None
    media_type: str | None
    size: int | None


class Message(BaseModel):
    """One message. `moderation_reason` says why Mercado Livre rejected it; `read_at` is when its receiver read it."""

    id: str
    pack_id: str
    account_id: UUID
    sender: Literal["buyer", "seller"]
    text: str
    status: str
    moderation_status: str | None
    moderation_reason: str | None
    attachments: list[Attachment]
    created_at: Moment
    read_at: Moment | None


class Conversation(BaseModel):
    """`pack_id` is the order's id where the sale has no pack. `substatus` says why a blocked one is (`blocked_by_…`)."""

    pack_id: str
    account_id: UUID
    status: str
    substatus: str | None
    unread: int
    last_message_at: Moment | None
    updated_at: Moment


class MessagePage(Page[Message]):
    """A page of a conversation's messages, newest first, and the conversation."""

    conversation: Conversation


class AttachmentDocument(Document):
    """An entry of `message_attachments`."""

    id: str = Field(validation_alias=either("filename", "id"))
    name: str | None = Field(None, validation_alias="original_filename")
    media_type: str | None = Field(None, validation_alias="type")
    size: int | None = None


class MessageDocument(Document):
    """A message of a conversation, or the flat shape of GET /messages/{id}."""

    id: str = Field(validation_alias=either("id", "message_id"))
    sender_id: int = Field(validation_alias=either("from.user_id"))
    text: str = Field("", validation_alias=either("text.plain", "text"))
    status: Word = "available"
    moderation_status: Word | None = Field(None, validation_alias=either("message_moderation.status", "moderation.status"))
    moderation_reason: str | None = Field(None, validation_alias=either("message_moderation.reason", "moderation.reason"))
    moderated_at: AwareDatetime | None = Field(None, validation_alias=either("message_moderation.moderation_date"))
    attachments: list[AttachmentDocument] | None = Field(None, validation_alias=either("message_attachments", "attachments"))
    date_created: AwareDatetime = Field(validation_alias=either("message_date.created", "date"))
    available_at: AwareDatetime | None = Field(None, validation_alias=either("message_date.available", "date_available"))
    read_at: AwareDatetime | None = Field(None, validation_alias=either("message_date.read", "date_read"))
    raw: dict[str, Any]

    @property
    def updated_at(self) -> datetime:
        """There is no stamp: the latest of what changed it. Its notification changes nothing, and may come after that."""
        happened = (self.available_at, self.read_at, self.moderated_at)
        return max([self.date_created, *(moment for moment in happened if moment)])


class ConversationDocument(Document):
    """GET /messages/packs/{pack}/sellers/{seller}; `messages` may be put together from several pages of it."""

    pack_id: int
    seller_id: int
    path: str
    status: Word
    substatus: str | None = None
    status_date: AwareDatetime | None = None
    messages: list[MessageDocument]
    raw: dict[str, Any]

    @property
    def updated_at(self) -> datetime:
        """The later of its status and whatever happened to its messages."""
        return max([self.status_date or NEVER, *(message.updated_at for message in self.messages)])

    @property
    def last_message_at(self) -> datetime | None:
        return max((message.date_created for message in self.messages), default=None)


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that was asked for by its id, and the conversation that it is part of."""

    message: MessageDocument
    conversation: ConversationDocument

    @property
    def id(self) -> str:
        return self.message.id

    @property
    def seller_id(self) -> int:
        return self.conversation.seller_id

    @property
    def status(self) -> str:
        return self.message.status

    @property
    def updated_at(self) -> datetime:
        return self.message.updated_at


def read_message(document: dict[str, Any]) -> MessageDocument:
    """Either shape; raises pydantic.ValidationError for a document without what a message needs."""
    return MessageDocument.model_validate(with_raw(document))


def read_conversation(document: dict[str, Any], entries: list[dict[str, Any]]) -> ConversationDocument:
    """The envelope's conversation with the messages `entries`; raises as read_message()."""
    status = document.get("conversation_status") or {}
    pack_id, seller_id = place_of(str(status.get("path", "")))
    messages = [read_message(entry) for entry in entries]
    given = {**status, "pack_id": pack_id, "seller_id": seller_id, "messages": messages, "raw": status}
    return ConversationDocument.model_validate(given)


def place_of(path: str) -> tuple[int | None, int | None]:
    """Pack and seller of `/packs/{pack}/sellers/{seller}`, whatever follows; Nones where it is something else."""
    found = PLACE.fullmatch(path)
    return (int(found[1]), int(found[2])) if found else (None, None)


def pack_of(detail: dict[str, Any]) -> int | None:
    """The pack of GET /messages/{id}, in either shape."""
    if detail.get("resource") == "packs":
        return _number(detail.get("resource_id"))
    pack_id, _ = place_of(str((detail.get("conversation_status") or {}).get("path", "")))
    if pack_id is not None:
        return pack_id
    entries = [detail, *(detail.get("messages") or ())]
    resources = [resource for entry in entries for resource in entry.get("message_resources") or ()]
    return next((_number(resource.get("id")) for resource in resources if resource.get("name") == "packs"), None)


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None
