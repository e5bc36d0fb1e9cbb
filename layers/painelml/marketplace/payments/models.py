"""Payments, as clients see them and as Mercado Livre tells of them: inside their order, and each by itself.

Cards and payers are not ours to keep: their fields are dropped here, before anything is written (decision 0056).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from painelml.core.wire import Moment, Money
from painelml.marketplace.documents import Amount, Document, currency_of, either, only

KEPT = (
    *("id", "order_id", "merchant_order_id", "external_reference", "site_id", "status", "status_detail", "status_code"),
    *("payment_type", "payment_type_id", "payment_method_id", "operation_type", "installments", "installment_amount"),
    *("currency_id", "transaction_amount", "total_paid_amount", "overpaid_amount", "net_received_amount", "shipping_cost"),
    *("taxes_amount", "coupon_id", "coupon_amount", "marketplace_fee", "transaction_amount_refunded", "amount_refunded"),
    *("deferred_period", "date_created", "date_approved", "date_last_modified", "last_modified", "money_release_date"),
)


class Payment(BaseModel):
    """A payment of an order. `fee` is Mercado Livre's for the whole order; null until the payment is credited.

    `status`, `status_detail`, `type` and `method` are Mercado Livre's, open sets. `amount` is without what the buyer pays for
    shipping and instalments, `total_paid` is with it.
    """

    id: str
    account_id: UUID
    order_id: str | None
    status: str
    status_detail: str | None
    type: str | None
    method: str | None
    amount: Money
    total_paid: Money | None
    shipping: Money | None
    fee: Money | None
    refunded: Money | None
    net_received: Money | None
    installments: int | None
    approved_at: Moment | None
    released_at: Moment | None
    updated_at: Moment

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "131000000001",
                    "account_id": "01a21315-f1ed-7da7-beea-ca72614aa9c5",
                    "order_id": "2000011800000001",
                    "status": "approved",
                    "status_detail": "accredited",
                    "type": "account_money",
                    "method": "account_money",
                    "amount": {"amount": 9980, "currency": "BRL"},
                    "total_paid": {"amount": 9980, "currency": "BRL"},
                    "shipping": {"amount": 0, "currency": "BRL"},
                    "fee": {"amount": 1696, "currency": "BRL"},
                    "refunded": {"amount": 0, "currency": "BRL"},
                    "net_received": None,
                    "installments": 1,
                    "approved_at": "2026-11-01T14:00:31.000Z",
                    "released_at": None,
                    "updated_at": "2026-11-01T14:02:10.000Z",
                }
            ]
        }
    )


class PaymentDocument(Document):
    """An entry of an order's `payments`, or GET /collections/{id}, which knows more and has other names for some of it.

    What a document lacks is not in `model_fields_set`, and what was held of it stays.
    """

    id: int
    seller_id: int = Field(validation_alias=either("seller_id", "collector.id", "collector_id"))
    status: str
    order_id: int | None = None
    status_detail: str | None = None
    type: str | None = Field(None, validation_alias=either("payment_type", "payment_type_id"))
    method: str | None = Field(None, validation_alias="payment_method_id")
    told_currency: str | None = Field(None, validation_alias="currency_id")
    site_id: str | None = None
    amount: Amount = Field(validation_alias="transaction_amount")
    total_paid: Amount | None = Field(None, validation_alias="total_paid_amount")
    shipping: Amount | None = Field(None, validation_alias="shipping_cost")
    told_fee: Amount | None = Field(None, validation_alias="marketplace_fee")
    refunded: Amount | None = Field(None, validation_alias=either("transaction_amount_refunded", "amount_refunded"))
    net_received: Amount | None = Field(None, validation_alias="net_received_amount")
    installments: int | None = None
    date_approved: AwareDatetime | None = None
    released_at: AwareDatetime | None = Field(None, validation_alias="money_release_date")
    updated_at: AwareDatetime = Field(validation_alias=either("date_last_modified", "last_modified", "order_updated_at"))
    raw: dict[str, Any]

    @property
    def currency(self) -> str:
        return self.told_currency or currency_of(self.site_id)

    @property
    def fee(self) -> Decimal | None:
        """Mercado Livre's fee; None until the payment is credited."""
        return self.told_fee if self.date_approved else None


def read_payment(document: dict[str, Any], **known: Any) -> PaymentDocument:
    """`known` is what surrounds it and it may not say; raises pydantic.ValidationError without what a payment needs."""
    return PaymentDocument.model_validate({**known, **document, "raw": without_cards(document)})


def without_cards(document: dict[str, Any]) -> dict[str, Any]:
    """A payment's fields by name: nothing of a card, nobody who paid."""
    return only(document, *KEPT)
