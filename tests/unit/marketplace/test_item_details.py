"""Variations and prices as Mercado Livre tells of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from painelml.marketplace.items.models import read_item, read_sale_price
from painelml.marketplace.resources import read_resource

ITEM: dict[str, Any] = {
    "id": "MLB4000000101",
    "seller_id": 1,
    "status": "active",
    "currency_id": "BRL",
    "price": 49.9,
    "sale_price": None,
    "last_updated": "2026-11-01T14:02:11.118Z",
    "user_product_id": "MLBU1000000001",
}
VARIATION: dict[str, Any] = {
    "id": 180000000001,
    "price": 49.9,
    "attribute_combinations": [{"id": "COLOR", "name": "Cor", "value_id": None, "value_name": "Azul"}],
    "available_quantity": 3,
    "sold_quantity": 1,
    "seller_custom_field": "OLD",
    "inventory_id": None,
    "user_product_id": "MLBU180000000001",
}
ASKED = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_variation_is_read_with_its_combination_and_sku() -> None:
    (bare,) = read_item({**ITEM, "variations": [VARIATION]}).variations or []
    assert (bare.id, bare.available_quantity, bare.seller_sku) == (180000000001, 3, "OLD")
    assert [(part.id, part.name, part.value) for part in bare.combination] == [("COLOR", "Cor", "Azul")]
    whole = {**VARIATION, "attributes": [{"id": "SELLER_SKU", "value_name": "NEW"}]}
    (full,) = read_item({**ITEM, "variations": [whole]}).variations or []
    assert full.seller_sku == "NEW"


def test_no_variations_and_none_told_of_are_not_the_same() -> None:
    assert read_item({**ITEM, "variations": []}).variations == []
    assert read_item(ITEM).variations is None


def test_a_sale_price_is_read_with_its_promotion() -> None:
    document = {
        "price_id": "2",
        "amount": 39.9,
        "regular_amount": 49.9,
        "currency_id": "BRL",
        "reference_date": "2026-11-20T12:00:01.250Z",
        "metadata": {"promotion_id": "P-MLB1", "promotion_type": "PRICE_DISCOUNT"},
    }
    price = read_sale_price("MLB1", document, asked_at=ASKED)
    assert (str(price.amount), str(price.regular_amount)) == ("39.9", "49.9")
    assert (price.promotion_id, price.promotion_type) == ("P-MLB1", "PRICE_DISCOUNT")
    assert price.reference_date > ASKED


@pytest.mark.parametrize("document", [{}, {"metadata": {}}, {"amount": None, "metadata": None}, {"reference_date": None}])
def test_no_price_is_an_answer_too(document: dict[str, Any]) -> None:
    price = read_sale_price("MLB1", document, asked_at=ASKED)
    assert (price.item_id, price.amount, price.promotion_id, price.reference_date) == ("MLB1", None, None, ASKED)


@pytest.mark.parametrize("topic", ["items", "items_prices"])
@pytest.mark.parametrize("resource", ["/items/MLB1/prices", "items/MLB1", "MLB1"])
def test_both_topics_point_at_the_item(topic: str, resource: str) -> None:
    found = read_resource(topic, resource)
    assert found is not None
    assert found.path == "/items/MLB1"
