"""Shipments in both of their shapes: the same facts from either, and nobody in what is kept."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.answers import Answer
from painelml.marketplace.api.reads import each
from painelml.marketplace.errors import CallRefused, PermissionMissing, ResourceMissing
from painelml.marketplace.resources import read_resource
from painelml.marketplace.shipments.models import read_shipment
from painelml.marketplace.shipments.service import fetch_shipment

SELLER, BUYER = 1482301177, 700000001
NEW: dict[str, Any] = {
    "id": 45100000001,
    "status": "ready_to_ship",
    "substatus": "printed",
    "date_created": "2026-11-01T10:01:00.000-04:00",
    "last_updated": "2026-11-01T12:00:00.000-04:00",
    "logistic": {"mode": "me2", "type": "cross_docking", "direction": "forward"},
    "tracking_number": "MEL45100000001",
    "tracking_method": "Normal",
    "declared_value": 99.80,
    "dimensions": {"height": 5, "width": 18, "length": 25, "weight": 650},
    "items_types": ["new"],
    "tags": [],
    "origin": {
        "type": "selling_address",
        "sender_id": SELLER,
        "node": None,
        "shipping_address": {"address_line": "Rua do Vendedor 10", "zip_code": "01226010", "contact": "Vendedora Sobrenome"},
    },
    "destination": {
        "receiver_id": BUYER,
        "receiver_name": "Maria Sobrenome",
        "receiver_phone": "11940028922",
        "comments": "deixar com o porteiro",
        "shipping_address": {
            "address_line": "Rua das Palmeiras 100",
            "street_name": "Rua das Palmeiras",
            "street_number": "100",
            "comment": "apto 42",
            "latitude": -23.5,
            "zip_code": "20040002",
            "city": {"id": None, "name": "Rio de Janeiro"},
            "state": {"id": "BR-RJ", "name": "RJ"},
        },
    },
    "lead_time": {
        "cost": 0,
        "list_cost": 21.9,
        "cost_type": "free",
        "shipping_method": {"id": 100009, "name": "Normal", "type": "standard"},
        "estimated_delivery_time": {"date": "2026-11-05T00:00:00.000-03:00", "pay_before": "2026-11-01T18:00:00.000-03:00"},
        "estimated_delivery_limit": {"date": "2026-11-15T00:00:00.000-03:00"},
        "buffering": {"date": None},
    },
    "sibling": {"sibling_id": None, "reason": None},
    "source": {"site_id": "MLB", "market_place": "MELI"},
    "external_reference": None,
    "quotation": None,
}
FLAT: dict[str, Any] = {
    "id": 45100000001,
    "order_id": 2000011800000001,
    "mode": "me2",
    "logistic_type": "cross_docking",
    "site_id": "MLB",
    "status": "ready_to_ship",
    "substatus": "printed",
    "date_created": "2026-11-01T10:01:00.000-04:00",
    "last_updated": "2026-11-01T12:00:00.000-04:00",
    "tracking_number": "MEL45100000001",
    "tracking_method": "Normal",
    "order_cost": 99.80,
    "sender_id": SELLER,
    "receiver_id": BUYER,
    "receiver_address": {
        "receiver_name": "Maria Sobrenome",
        "receiver_phone": "11940028922",
        "address_line": "Rua das Palmeiras 100",
        "street_name": "Rua das Palmeiras",
        "zip_code": "20040002",
        "city": {"name": "Rio de Janeiro"},
        "state": {"id": "BR-RJ"},
    },
    "shipping_option": {
        "cost": 0,
        "list_cost": 21.9,
        "currency_id": "BRL",
        "estimated_delivery_time": {"date": "2026-11-05T00:00:00.000-03:00"},
        "estimated_delivery_limit": {"date": "2026-11-15T00:00:00.000-03:00"},
    },
    "comments": "deixar com o porteiro",
}
COSTS: dict[str, Any] = {
    "gross_amount": 21.9,
    "receiver": {"user_id": BUYER, "cost": 0, "compensation": 0, "save": 21.9, "discounts": []},
    "senders": [
        {
            "user_id": SELLER,
            "cost": 10.95,
            "compensation": 0,
            "save": 10.95,
            "discounts": [{"rate": 0.5, "type": "mandatory", "promoted_amount": 10.95}],
        }
    ],
}
LINES: list[dict[str, Any]] = [
    {"item_id": "MLB4000000101", "order_id": 2000011800000001, "quantity": 2, "variation_id": None, "sender_id": SELLER},
    {"item_id": "MLB4000000102", "order_id": 2000011800000002, "quantity": 1, "variation_id": None, "sender_id": SELLER},
]
PEOPLE = ("Sobrenome", "40028922", "Palmeiras", "apto", "porteiro", "Rua", "-23.5")


@pytest.mark.parametrize("document", [NEW, FLAT], ids=["nested", "flat"])
def test_both_shapes_say_the_same(document: dict[str, Any]) -> None:
    shipment = read_shipment(document, costs=COSTS, lines=LINES)
    assert (shipment.id, shipment.seller_id, shipment.status, shipment.substatus) == (
        45100000001,
        SELLER,
        "ready_to_ship",
        "printed",
    )
    assert (shipment.mode, shipment.logistic_type) == ("me2", "cross_docking")
    assert (shipment.tracking_number, shipment.tracking_method) == ("MEL45100000001", "Normal")
    assert (shipment.seller_cost, shipment.receiver_cost, shipment.currency) == (Decimal("10.95"), Decimal(0), "BRL")
    assert shipment.declared_value == Decimal("99.8")
    assert (shipment.zip_code, shipment.city, shipment.state) == ("20040002", "Rio de Janeiro", "BR-RJ")
    assert shipment.updated_at.isoformat() == "2026-11-01T12:00:00-04:00"
    assert shipment.estimated_delivery_at and shipment.estimated_limit_at
    assert shipment.order_ids == [2000011800000001, 2000011800000002]


@pytest.mark.req("D008")
@pytest.mark.parametrize("document", [NEW, FLAT], ids=["nested", "flat"])
def test_nobodys_name_phone_or_street_is_kept(document: dict[str, Any]) -> None:
    kept = json.dumps(read_shipment(document, costs=COSTS, lines=LINES).raw)
    assert [word for word in PEOPLE if word in kept] == []
    for word in ("20040002", "Rio de Janeiro", "BR-RJ", "cross_docking", "10.95"):
        assert word in kept


def test_the_sellers_freight_is_never_the_lead_times_price() -> None:
    shipment = read_shipment({**NEW, "lead_time": {**NEW["lead_time"], "cost": 21.9}})
    assert shipment.seller_cost is None
    assert shipment.receiver_cost == Decimal("21.9")


def test_of_several_senders_only_this_sellers_cost_counts() -> None:
    senders = [{"user_id": 5, "cost": 7.5}, {"user_id": SELLER, "cost": 1.25}, {"user_id": SELLER, "cost": 2}]
    assert read_shipment(NEW, costs={**COSTS, "senders": senders}).seller_cost == Decimal("3.25")


def test_an_address_that_is_hidden_is_missing_not_empty() -> None:
    hidden = {**NEW, "destination": {**NEW["destination"], "shipping_address": None}}
    assert not {"zip_code", "city", "state"} & read_shipment(hidden).model_fields_set
    assert "substatus" in read_shipment({**NEW, "substatus": None}).model_fields_set


def test_the_currency_of_a_document_without_one_is_its_sites() -> None:
    assert read_shipment({**NEW, "source": {"site_id": "MLC"}}).currency == "CLP"


@pytest.mark.parametrize("field", ["id", "status", "date_created", "origin"])
def test_a_shipment_without_what_it_needs_is_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        read_shipment({name: value for name, value in NEW.items() if name != field})


@pytest.mark.parametrize("resource", ["/shipments/45100000001", "shipments/45100000001", "45100000001"])
def test_notifications_point_at_it(resource: str) -> None:
    read = read_resource("shipments", resource)
    assert read is not None and read.path == "/shipments/45100000001"


@pytest.mark.parametrize("resource", ["/shipments/45100000001/costs", "/orders/45100000001", "/shipments/0", "/shipments/x"])
def test_and_nothing_else_does(resource: str) -> None:
    assert read_resource("shipments", resource) is None


class Api:
    """Answers by path; an exception is raised. Headers are remembered."""

    account = ConnectedAccount(uuid4(), uuid4(), SELLER, "MLB", "ACTIVE")

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []

    def sending(self, **headers: str) -> Api:
        self.headers = headers
        return self

    def get(self, path: str, **_: Any) -> Answer:
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer)

    def get_all(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Answer]:
        return [self.get(path) for path, _ in calls]


@pytest.mark.parametrize("lacking", [None, ResourceMissing(404, "not_found"), CallRefused(400, "bad")])
def test_a_shipment_is_read_before_its_costs_and_orders_are_there(lacking: Any) -> None:
    path = "/shipments/45100000001"
    api = Api({path: NEW, f"{path}/costs": lacking, f"{path}/items": lacking})
    shipment = fetch_shipment(api, "45100000001")  # type: ignore[arg-type]
    assert api.headers == {"x_format_new": "true"}
    assert (shipment.seller_cost, shipment.order_ids) == (None, [])


def test_a_shipment_that_is_not_there_yet_is_missing_whatever_its_costs_say() -> None:
    path = "/shipments/45100000001"
    api = Api({path: ResourceMissing(404, "not_found"), f"{path}/costs": COSTS, f"{path}/items": LINES})
    with pytest.raises(ResourceMissing):
        fetch_shipment(api, "45100000001")  # type: ignore[arg-type]


def test_a_missing_permission_is_not_asked_for_call_by_call() -> None:
    api = Api(dict.fromkeys(["/a", "/b", "/c"], PermissionMissing(403, "PA_UNAUTHORIZED_RESULT_FROM_POLICIES")))
    with pytest.raises(PermissionMissing):
        each(api, [("/a", {}), ("/b", {}), ("/c", {})])  # type: ignore[arg-type]
    assert api.asked == ["/a"]
