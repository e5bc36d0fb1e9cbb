"""Billing periods and their charges, as clients see them and as Mercado Livre tells of them.

Whoever bought is not ours to keep here: what is not named in KEPT is dropped, before anything is written (decision 0065).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import AliasPath, BaseModel, Field, PlainSerializer

from painelml.core.wire import Moment, Money
from painelml.marketplace.documents import Amount, Document, minor_units, only

Group = Literal["ML", "MP"]
DocumentType = Literal["BILL", "CREDIT_NOTE"]
PeriodStatus = Literal["OPEN", "CLOSED"]
GROUPS: tuple[Group, ...] = ("ML", "MP")
DOCUMENT_TYPES: tuple[DocumentType, ...] = ("BILL", "CREDIT_NOTE")

KEPT = {
    "charge_info": (
        *("detail_id", "detail_type", "detail_sub_type", "detail_amount", "transaction_detail", "creation_date_time"),
        *("legal_document_number", "legal_document_status", "debited_from_operation", "status", "charge_bonified_id"),
    ),
    "discount_info": ("charge_amount_without_discount", "discount_amount", "discount_reason"),
    "sales_info": ("order_id", "operation_id", "transaction_amount", "sale_date_time", "sale_fee"),
    "shipping_info": ("shipping_id", "pack_id", "receiver_shipping_cost"),
    "items_info": ("item_id", "item_amount", "item_price", "order_id"),
    "document_info": ("document_id",),
    "marketplace_info": ("marketplace",),
    "currency_info": ("currency_id",),
}

LocalTime = Annotated[datetime, PlainSerializer(lambda moment: moment.isoformat(timespec="seconds"), return_type=str)]
"""`2026-11-19T08:15:00`, without an offset: what Mercado Livre's clock showed, which it does not name (decision 0065)."""


class Difference(BaseModel):
    """A sub-type whose charges do not add up to what Mercado Livre's summary says."""

    sub_type: str
    ours: Money
    theirs: Money


class BillingPeriod(BaseModel):
    """A month of one group's bills (`ML` Mercado Livre, `MP` Mercado Pago) or credit notes. `amount` is Mercado Livre's total.

    `reconciled`: whether the charges add up to Mercado Livre's own summary, by sub-type, as of `checked_at`; null before that.
    A closed period may still grow: bonuses come late.
    """

    id: UUID
    account_id: UUID
    group: Group
    document_type: DocumentType
    key: date
    date_from: date
    date_to: date
    expires_on: date | None
    status: PeriodStatus
    amount: Money
    unpaid: Money | None
    reconciled: bool | None
    checked_at: Moment | None


class Total(BaseModel):
    """What one kind of charge adds up to. `type` is CHARGE or BONUS, `sub_type` Mercado Livre's (CV, CXD, PADS …)."""

    type: str
    sub_type: str
    count: int
    amount: Money


class BillingPeriodDetails(BillingPeriod):
    """A period with what its charges add up to, and where that differs from Mercado Livre's summary."""

    totals: list[Total]
    differences: list[Difference]


class BillingCharge(BaseModel):
    """One line of a bill or credit note. `amount` is positive in both: `type` (CHARGE, BONUS) says which way it goes.

    `charged_at` and `sold_at` are local times without an offset. `bonified_id` is the charge that a bonus gives back.
    """

    id: str
    type: str
    sub_type: str
    description: str | None
    amount: Money
    amount_without_discount: Money | None
    discount: Money | None
    debited_from_sale: bool | None
    order_id: str | None
    item_id: str | None
    shipment_id: str | None
    pack_id: str | None
    bonified_id: str | None
    legal_document: str | None
    charged_at: LocalTime
    sold_at: LocalTime | None


class Stream(NamedTuple):
    """One period of one group, bills or credit notes: what is paged through by itself."""

    key: str
    group: Group
    document_type: DocumentType

    def __str__(self) -> str:
        return "/".join(self)


class PeriodDocument(Document):
    """An entry of GET /billing/integration/monthly/periods, with the group and document type that were asked for."""

    group: Group
    document_type: DocumentType
    key: date
    amount: Amount
    unpaid_amount: Amount | None = None
    date_from: date = Field(validation_alias=AliasPath("period", "date_from"))
    date_to: date = Field(validation_alias=AliasPath("period", "date_to"))
    expires_on: date | None = Field(None, validation_alias="expiration_date")
    status: PeriodStatus = Field(validation_alias="period_status")

    @property
    def stream(self) -> Stream:
        return Stream(self.key.isoformat(), self.group, self.document_type)


class ChargeDocument(Document):
    """An entry of a period's details. A charge of several sales keeps the first one's ids, and all of them in `raw`."""

    id: int = Field(validation_alias=AliasPath("charge_info", "detail_id"))
    type: str = Field(validation_alias=AliasPath("charge_info", "detail_type"))
    sub_type: str = Field(validation_alias=AliasPath("charge_info", "detail_sub_type"))
    amount: Amount = Field(validation_alias=AliasPath("charge_info", "detail_amount"))
    description: str | None = Field(None, validation_alias=AliasPath("charge_info", "transaction_detail"))
    charged_at: datetime = Field(validation_alias=AliasPath("charge_info", "creation_date_time"))
    debited: str | None = Field(None, validation_alias=AliasPath("charge_info", "debited_from_operation"))
    bonified_id: int | None = Field(None, validation_alias=AliasPath("charge_info", "charge_bonified_id"))
    legal_document: str | None = Field(None, validation_alias=AliasPath("charge_info", "legal_document_number"))
    amount_without_discount: Amount | None = Field(
        None, validation_alias=AliasPath("discount_info", "charge_amount_without_discount")
    )
    discount: Amount | None = Field(None, validation_alias=AliasPath("discount_info", "discount_amount"))
    order_id: int | None = Field(None, validation_alias=AliasPath("sales_info", 0, "order_id"))
    sold_at: datetime | None = Field(None, validation_alias=AliasPath("sales_info", 0, "sale_date_time"))
    item_id: str | None = Field(None, validation_alias=AliasPath("items_info", 0, "item_id"))
    shipment_id: int | None = Field(None, validation_alias=AliasPath("shipping_info", "shipping_id"))
    pack_id: int | None = Field(None, validation_alias=AliasPath("shipping_info", "pack_id"))
    currency: str | None = Field(None, validation_alias=AliasPath("currency_info", "currency_id"))
    raw: dict[str, Any]

    @property
    def debited_from_sale(self) -> bool | None:
        return {"YES": True, "NO": False}.get(self.debited or "")


@dataclass(frozen=True, slots=True)
class ChargesRead:
    """A page of a period's charges."""

    period_id: UUID
    charges: Sequence[ChargeDocument]


@dataclass(frozen=True, slots=True)
class PeriodRead:
    """A period whose charges were read to their end. `amount` and `status` are what its list said before.

    `differences` is None where nothing was compared this time.
    """

    period_id: UUID
    amount: int
    status: str
    differences: Sequence[dict[str, Any]] | None


Read = PeriodDocument | ChargesRead | PeriodRead


def read_period(document: dict[str, Any]) -> PeriodDocument:
    """Raises pydantic.ValidationError for a document without what a period needs."""
    return PeriodDocument.model_validate(document)


def read_charge(document: dict[str, Any]) -> ChargeDocument:
    """Raises pydantic.ValidationError for a document without what a charge needs."""
    kept = {part: _kept(document[part], names) for part, names in KEPT.items() if document.get(part)}
    return ChargeDocument.model_validate({**kept, "raw": kept})


def read_summary(document: dict[str, Any], currency: str) -> dict[str, int]:
    """The sums of `summary/details` by type, in minor units."""
    includes = document.get("bill_includes") or {}
    sums: dict[str, int] = {}
    for line in [*(includes.get("charges") or ()), *(includes.get("bonuses") or ())]:
        sums[str(line["type"])] = sums.get(str(line["type"]), 0) + minor_units(line["amount"], currency)
    return sums


def differences(ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[dict[str, Any]]:
    """The sub-types that do not add up, in minor units. A type of nothing is as good as none."""
    return [
        {"sub_type": name, "ours": ours.get(name, 0), "theirs": theirs.get(name, 0)}
        for name in sorted({*ours, *theirs})
        if ours.get(name, 0) != theirs.get(name, 0)
    ]


def _kept(part: Any, names: tuple[str, ...]) -> Any:
    return [only(entry, *names) for entry in part] if isinstance(part, list) else only(part, *names)
