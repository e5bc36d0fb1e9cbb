"""Mercado Livre's documents: money to the cent, tolerant of shapes, int64 ids."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from painelml.marketplace.documents import minor_units
from painelml.marketplace.items.models import read_item
from painelml.marketplace.orders.models import read_order
from painelml.marketplace.resources import read_resource

ORDER: dict[str, Any] = {
    "id": 2000011800000001,
    "pack_id": 2000008800000001,
    "status": "paid",
    "date_created": "2026-11-01T10:00:05.000-04:00",
    "date_closed": "2026-11-01T10:00:31.000-04:00",
    "last_updated": "2026-11-01T10:02:10.000-04:00",
    "date_last_updated": "2026-11-01T14:02:11.118Z",
    "total_amount": 99.80,
    "paid_amount": 99.80,
    "currency_id": "BRL",
    "order_items": [
        {
            "item": {"id": "MLB4000000101", "title": "Creme", "variation_id": None, "seller_sku": "NIV-500"},
            "quantity": 2,
            "unit_price": 49.90,
            "full_unit_price": 59.90,
            "sale_fee": 8.48,
        }
    ],
    "payments": [{"status": "approved", "marketplace_fee": 16.96}],
    "shipping": {"id": 45100000001},
    "buyer": {"id": 700000001},
    "seller": {"id": 1482301177},
    "tags": ["pack_order", "paid"],
}


@given(cents=st.integers(min_value=-(10**12), max_value=10**12))
def test_every_amount_of_cents_survives_its_way_through_json(cents: int) -> None:
    assert minor_units(cents / 100, "BRL") == cents


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (0.1 + 0.2, "BRL", 30),
        ("1.005", "BRL", 101),
        (1990, "CLP", 1990),
        (1e6, "ARS", 100_000_000),
        (Decimal("8.48"), "BRL", 848),
    ],
)
def test_money_is_rounded_once_and_by_its_currency(amount: Any, currency: str, minor: int) -> None:
    assert minor_units(amount, currency) == minor


def test_an_order_is_read_with_its_own_update_stamp() -> None:
    order = read_order(ORDER)
    assert order.updated_at.isoformat() == "2026-11-01T14:02:11.118000+00:00"
    assert (order.seller_id, order.shipment_id, order.buyer_id) == (1482301177, 45100000001, 700000001)
    assert order.marketplace_fee == Decimal("16.96")
    assert order.raw == ORDER


@pytest.mark.parametrize(
    "change",
    [
        {"shipping": {"id": None}},
        {"pack_id": None},
        {"payments": []},
        {"buyer": {}},
        {"tags": None},
        {"date_last_updated": None},
        {"unheard_of": {"a": 1}},
        {"total_amount": "99.80"},
    ],
)
def test_orders_are_read_with_what_they_have(change: dict[str, Any]) -> None:
    assert read_order({**ORDER, **change}).total == Decimal("99.80")


@pytest.mark.parametrize("field", ["id", "status", "total_amount", "currency_id", "seller", "date_created"])
def test_an_order_without_what_it_needs_is_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        read_order({name: value for name, value in ORDER.items() if name != field})


def test_an_item_takes_its_sku_from_the_attribute() -> None:
    item: dict[str, Any] = {
        "id": "MLB4000000101",
        "seller_id": 1,
        "status": "active",
        "currency_id": "BRL",
        "price": 49.9,
        "last_updated": "2026-11-01T14:02:11.118Z",
        "seller_custom_field": "OLD",
    }
    assert read_item(item).seller_sku == "OLD"
    assert read_item({**item, "attributes": [{"id": "SELLER_SKU", "value_name": "NEW"}]}).seller_sku == "NEW"


@given(topic=st.sampled_from(["orders_v2", "items"]), resource=st.text(max_size=60))
def test_a_resource_is_rebuilt_from_a_strict_pattern(topic: str, resource: str) -> None:
    read = read_resource(topic, resource)
    assert read is None or (read.path.isascii() and read.path.count("/") == 2 and read.id.isalnum())
