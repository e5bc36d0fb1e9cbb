"""Claims and returns, as clients see them and as Mercado Livre tells of them.

Of a claim nobody's words and of a return nobody's address is kept: what is not named in KEPT is dropped here, before anything
is written (decision 0064).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, field_validator

from painelml.core.wire import Moment
from painelml.marketplace.documents import Document, only

KEPT = (
    *("id", "resource", "resource_id", "status", "type", "stage", "parent_id", "reason_id", "fulfilled", "quantity_type"),
    *("claimed_quantity", "resolution", "site_id", "related_entities", "date_created", "last_updated"),
)
KEPT_OF_PLAYERS = ("role", "type", "user_id", "available_actions")
KEPT_OF_RETURNS = (
    *("id", "claim_id", "resource_type", "resource_id", "status", "status_money", "subtype", "orders", "refund_at"),
    *("date_created", "last_updated", "date_closed"),
)
KEPT_OF_PARCELS = ("shipment_id", "id", "status", "tracking_number", "type")
RETURN = "return"


class Resolution(BaseModel):
    """How a claim ended. `benefited` are the roles in whose favour it did."""

    reason: str | None
    benefited: list[str]
    closed_by: str | None
    applied_coverage: bool | None
    resolved_at: Moment | None


class ReturnParcel(BaseModel):
    """A parcel on its way back."""

    shipment_id: str
    status: str | None
    tracking_number: str | None
    type: str | None


class ReturnItem(BaseModel):
    """What comes back, of how much was sold."""

    order_id: str | None
    item_id: str | None
    variation_id: str | None
    total_quantity: float | None
    return_quantity: float | None


class Return(BaseModel):
    """The way back of what a claim is about. `status_money` says where the buyer's money is."""

    id: str
    status: str
    status_money: str | None
    subtype: str | None
    shipments: list[ReturnParcel]
    items: list[ReturnItem]
    created_at: Moment | None
    closed_at: Moment | None
    updated_at: Moment


class Claim(BaseModel):
    """A claim. `action` is what the seller must do, by `action_due_at`; null where nothing must be done.

    `resource` (order, payment, shipment, purchase) and `resource_id` are what it is about; `order_id` is null where Mercado
    Livre does not say. `stage` dispute is the mediation proper. `status`, `stage`, `type` and `reason_id` are Mercado Livre's.
    """

    id: str
    account_id: UUID
    order_id: str | None
    resource: str
    resource_id: str
    status: str
    type: str
    stage: str
    reason_id: str | None
    fulfilled: bool | None
    quantity_type: str | None
    claimed_quantity: int | None
    action: str | None
    action_due_at: Moment | None
    has_return: bool
    resolution: Resolution | None
    created_at: Moment
    updated_at: Moment


class ClaimWithReturns(Claim):
    """A claim, and the returns that came of it."""

    returns: list[Return]


class ResolutionDocument(Document):
    """`resolution` of a claim."""

    reason: str | None = None
    benefited: list[str] = Field(default_factory=list)
    closed_by: str | None = None
    applied_coverage: bool | None = None
    date_created: AwareDatetime | None = None

    @field_validator("benefited", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value or []


class ActionDocument(Document):
    """An entry of `available_actions`."""

    action: str = ""
    mandatory: bool = False
    due_date: AwareDatetime | None = None


class PlayerDocument(Document):
    """An entry of `players`."""

    role: str = ""
    type: str = ""
    user_id: int | None = None
    available_actions: list[ActionDocument] = Field(default_factory=list)


class ParcelDocument(Document):
    """An entry of a return's `shipments`."""

    shipment_id: int
    status: str | None = None
    tracking_number: str | None = None
    type: str | None = None


class ReturnItemDocument(Document):
    """An entry of a return's `orders`. Quantities are texts such as `1.0`."""

    order_id: int | None = None
    item_id: str | None = None
    variation_id: int | None = None
    total_quantity: Decimal | None = None
    return_quantity: Decimal | None = None


class ReturnDocument(Document):
    """GET /post-purchase/v2/claims/{id}/returns."""

    id: int
    status: str
    status_money: str | None = None
    subtype: str | None = None
    shipments: list[ParcelDocument] = Field(default_factory=list)
    items: list[ReturnItemDocument] = Field(default_factory=list, validation_alias="orders")
    date_created: AwareDatetime | None = None
    date_closed: AwareDatetime | None = None
    last_updated: AwareDatetime
    raw: dict[str, Any]


class ClaimDocument(Document):
    """GET /post-purchase/v1/claims/{id} and the entries of its search. `returned` is read beside it, where there is one."""

    id: int
    resource: str
    resource_id: int
    status: str
    kind: str = Field(validation_alias="type")
    stage: str
    reason_id: str | None = None
    fulfilled: bool | None = None
    quantity_type: str | None = None
    claimed_quantity: int | None = None
    players: list[PlayerDocument]
    resolution: ResolutionDocument | None = None
    related_entities: list[str] = Field(default_factory=list)
    date_created: AwareDatetime
    last_updated: AwareDatetime
    returned: ReturnDocument | None = None
    raw: dict[str, Any]

    @field_validator("kind")
    @classmethod
    def _one_spelling(cls, value: str) -> str:
        """Mercado Livre's own samples say `returns` too."""
        return RETURN if value == "returns" else value

    @field_validator("fulfilled", mode="before")
    @classmethod
    def _said_or_not(cls, value: Any) -> Any:
        return value if isinstance(value, bool) else None

    @property
    def seller_id(self) -> int:
        """The player who sells; 0 where none is named, who is nobody's seller."""
        return self._seller.user_id or 0

    @property
    def updated_at(self) -> datetime:
        """What is kept is the claim with its return, so its version is the later of the two stamps."""
        return max(self.last_updated, self.returned.last_updated) if self.returned else self.last_updated

    @property
    def has_return(self) -> bool:
        return RETURN in self.related_entities

    @property
    def order_id(self) -> int | None:
        """The order that it is about; of a claim about a payment, parcel or purchase only a return names it."""
        if self.resource == "order":
            return self.resource_id
        named = {item.order_id for item in self.returned.items if item.order_id} if self.returned else set()
        return named.pop() if len(named) == 1 else None

    @property
    def duty(self) -> ActionDocument | None:
        """The mandatory action of the seller that is due first."""
        duties = [one for one in self._seller.available_actions if one.mandatory]
        return min(duties, key=lambda one: (one.due_date is None, one.due_date or self.last_updated), default=None)

    @property
    def _seller(self) -> PlayerDocument:
        return next(self._sellers(), PlayerDocument())

    def _sellers(self) -> Iterator[PlayerDocument]:
        yield from (player for player in self.players if player.type == "seller")
        yield from (player for player in self.players if player.role == "respondent")


def read_claim(document: dict[str, Any], returned: ReturnDocument | None = None) -> ClaimDocument:
    """Raises pydantic.ValidationError for a document without what a claim needs."""
    kept = only(document, *KEPT)
    if isinstance(document.get("players"), list):
        kept["players"] = [only(player, *KEPT_OF_PLAYERS) for player in document["players"]]
    return ClaimDocument.model_validate({**kept, "returned": returned, "raw": kept})


def read_return(document: dict[str, Any]) -> ReturnDocument:
    """Raises pydantic.ValidationError for a document without what a return needs."""
    kept = only(document, *KEPT_OF_RETURNS)
    if isinstance(document.get("shipments"), list):
        kept["shipments"] = [only(parcel, *KEPT_OF_PARCELS) for parcel in document["shipments"]]
    return ReturnDocument.model_validate({**kept, "raw": kept})
