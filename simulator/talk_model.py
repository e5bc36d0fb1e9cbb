"""What buyers and sellers say to each other, and the disputes that follow: questions, messages, claims, returns."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Question:
    id: int
    item_id: str
    seller_id: int
    buyer_id: int
    status: str
    text: str
    date_created: int
    last_updated: int
    answer_text: str | None = None
    answer_status: str = "ACTIVE"
    answer_date: int | None = None
    answer_app: str | None = None
    hold: bool = False
    deleted_from_listing: bool = False
    suspected_spam: bool = False
    hidden: bool = False


@dataclass(slots=True)
class Message:
    """One post-sale message; `sender` is `buyer` or `seller`, whoever stands between them."""

    id: str
    pack_id: int
    seller_id: int
    buyer_id: int
    sender: str
    text: str
    created: int
    client_id: str | None = None
    read: int | None = None
    moderation: str = "clean"
    moderation_reason: str | None = None
    attachments: list[str] = field(default_factory=list)
    option_id: str | None = None


@dataclass(slots=True)
class Conversation:
    """What is known of a pack's conversation besides its messages. A forced `substatus` beats what the sale suggests."""

    pack_id: int
    seller_id: int
    substatus: str | None = None
    substatus_date: int = 0
    buyer_account_closed: bool = False
    locked_until: int = 0
    options_used: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Attachment:
    """An uploaded file; without a message it is an orphan and soon forgotten. `content` is base64."""

    key: str
    seller_id: int
    filename: str
    media_type: str
    size: int
    content: str
    uploaded: int
    message_id: str | None = None


@dataclass(slots=True)
class Claim:
    id: int
    seller_id: int
    buyer_id: int
    order_id: int
    pack_id: int | None
    resource: str
    resource_id: int
    status: str
    type: str
    stage: str
    reason_id: str
    fulfilled: bool
    quantity_type: str
    claimed_quantity: int
    date_created: int
    last_updated: int
    due_date: int | None
    responsible: str
    affects_reputation: str = "not_affected"
    resolution: dict[str, Any] | None = None
    actions: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    expected: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Return:
    """The way back of a claimed product. One return belongs to one claim."""

    id: int
    claim_id: int
    seller_id: int
    order_id: int
    item_id: str
    total_quantity: int
    return_quantity: int
    status: str
    status_money: str
    subtype: str
    shipment_id: int
    date_created: int
    last_updated: int
    date_closed: int | None = None
