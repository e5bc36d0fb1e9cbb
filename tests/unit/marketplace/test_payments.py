"""Payments: inside their order and by themselves, and no card in what is kept."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from painelml.marketplace.orders.models import read_order
from painelml.marketplace.payments.models import read_payment
from painelml.marketplace.payments.service import _of_order
from painelml.marketplace.resources import read_resource
from tests.unit.marketplace.test_documents import ORDER

SELLER = 1482301177
CARD = {
    "card": {"first_six_digits": "503175", "last_four_digits": "0604", "cardholder": {"name": "MARIA SOBRENOME"}},
    "card_id": 987654,
    "authorization_code": "301299",
    "payer": {"id": 700000001, "email": "maria@example.com", "identification": {"type": "CPF", "number": "19119119100"}},
    "payer_id": 700000001,
    "reason": "Creme para Maria",
}
CARD_WORDS = ("503175", "0604", "SOBRENOME", "987654", "301299", "maria@", "19119119100", "Maria")
ENTRY: dict[str, Any] = {
    "id": 131000000001,
    "order_id": 2000011800000001,
    "status": "approved",
    "status_detail": "accredited",
    "payment_type": "account_money",
    "payment_method_id": "account_money",
    "transaction_amount": 99.80,
    "total_paid_amount": 104.80,
    "shipping_cost": 5.0,
    "taxes_amount": 0.0,
    "marketplace_fee": 16.96,
    "installments": 1,
    "transaction_amount_refunded": 0.0,
    "date_approved": "2026-11-01T10:00:31.000-04:00",
    "date_last_modified": "2026-11-01T10:02:10.000-04:00",
    **CARD,
}
COLLECTION: dict[str, Any] = {
    "id": 131000000001,
    "site_id": "MLB",
    "order_id": "2000011800000001",
    "collector": {"id": SELLER},
    "currency_id": "BRL",
    "status": "approved",
    "status_detail": "accredited",
    "payment_type": "account_money",
    "payment_method_id": "account_money",
    "transaction_amount": 99.80,
    "total_paid_amount": 104.80,
    "net_received_amount": 82.84,
    "shipping_cost": 5.0,
    "amount_refunded": 10.5,
    "marketplace_fee": 16.96,
    "installments": 1,
    "date_created": "2026-11-01T10:00:05.000-04:00",
    "date_approved": "2026-11-01T10:00:31.000-04:00",
    "money_release_date": "2026-11-15T10:00:31.000-04:00",
    "last_modified": "2026-11-01T11:00:00.000-04:00",
    **CARD,
}


def order(*payments: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**ORDER, **changed, "payments": list(payments)}


def test_an_orders_payments_are_read_with_what_the_order_knows() -> None:
    (payment,) = _of_order(read_order(order(ENTRY)))
    assert (payment.id, payment.order_id, payment.seller_id, payment.currency) == (131000000001, ORDER["id"], SELLER, "BRL")
    assert (payment.amount, payment.total_paid, payment.shipping) == (Decimal("99.8"), Decimal("104.8"), Decimal("5.0"))
    assert (payment.fee, payment.refunded, payment.net_received) == (Decimal("16.96"), Decimal("0.0"), None)
    assert payment.updated_at.isoformat() == "2026-11-01T10:02:10-04:00"


def test_a_payment_by_itself_says_the_same_under_other_names() -> None:
    payment = read_payment(COLLECTION)
    assert (payment.order_id, payment.seller_id, payment.refunded) == (ORDER["id"], SELLER, Decimal("10.5"))
    assert (payment.net_received, payment.fee) == (Decimal("82.84"), Decimal("16.96"))
    assert payment.released_at and payment.updated_at.isoformat() == "2026-11-01T11:00:00-04:00"


def test_there_is_no_fee_before_the_payment_is_credited() -> None:
    pending = {**ENTRY, "status": "in_process", "date_approved": None, "marketplace_fee": 0.0}
    (payment,) = _of_order(read_order(order(pending)))
    assert payment.fee is None


def test_a_payment_without_a_stamp_has_its_orders() -> None:
    document = read_order(order({name: value for name, value in ENTRY.items() if name != "date_last_modified"}))
    (payment,) = _of_order(document)
    assert payment.updated_at == document.updated_at
    assert "order_updated_at" not in payment.raw


@pytest.mark.parametrize("spoilt", [{"id": None}, {"transaction_amount": None}, {"date_approved": "soon"}])
def test_an_entry_that_cannot_be_read_keeps_no_order_back(spoilt: dict[str, Any]) -> None:
    document = read_order(order({**ENTRY, **spoilt}, {**ENTRY, "id": 131000000002}))
    assert [payment.id for payment in _of_order(document)] == [131000000002]
    assert document.marketplace_fee == Decimal("33.92")


@pytest.mark.parametrize("field", ["id", "status", "transaction_amount", "collector", "last_modified"])
def test_a_payment_without_what_it_needs_is_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        read_payment({name: value for name, value in COLLECTION.items() if name != field})


@pytest.mark.req("D008")
def test_no_card_and_nobody_who_paid_is_kept() -> None:
    kept = json.dumps([read_payment(COLLECTION).raw, read_order(order(ENTRY)).raw["payments"]])
    assert [word for word in CARD_WORDS if word in kept] == []
    assert "accredited" in kept and "16.96" in kept


@pytest.mark.req("D008")
def test_of_a_buyer_the_order_keeps_the_number_alone() -> None:
    buyer = {"id": 700000001, "nickname": "MARIA.S", "first_name": "Maria", "billing_info": {"id": "7"}}
    assert read_order({**ORDER, "buyer": buyer}).raw["buyer"] == {"id": 700000001, "billing_info": {"id": "7"}}


@pytest.mark.parametrize("resource", ["/collections/131000000001", "collections/131000000001", "131000000001"])
def test_notifications_point_at_it(resource: str) -> None:
    read = read_resource("payments", resource)
    assert read is not None and read.path == "/collections/131000000001"


@pytest.mark.parametrize("resource", ["/collections/131/x", "/orders/131", "/collections/-1"])
def test_and_nothing_else_does(resource: str) -> None:
    assert read_resource("payments", resource) is None
