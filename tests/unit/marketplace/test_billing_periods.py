"""Billing as Mercado Livre tells of it: tolerant, without who bought, and sums that either agree or are told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from painelml.marketplace.billing_periods.models import differences, read_charge, read_period, read_summary

CHARGE: dict[str, Any] = {
    "charge_info": {
        "detail_id": 900000001,
        "detail_type": "CHARGE",
        "detail_sub_type": "CV",
        "detail_amount": 16.96,
        "transaction_detail": "Tarifa de venda",
        "creation_date_time": "2026-11-19T08:15:00",
        "legal_document_number": None,
        "legal_document_status": "PROCESSING",
        "debited_from_operation": "YES",
        "status": None,
        "charge_bonified_id": None,
    },
    "discount_info": {"charge_amount_without_discount": 16.96, "discount_amount": 0, "discount_reason": None},
    "sales_info": [
        {
            "order_id": 2000011800000001,
            "operation_id": 131000000001,
            "transaction_amount": 99.80,
            "sale_date_time": "2026-11-18T23:59:59",
            "payer_nickname": "MARIA",
            "sale_fee": {"gross": 16.96, "net": 16.96, "rebate": 0, "discount": 0, "discount_reason": None},
        }
    ],
    "shipping_info": {"shipping_id": "45100000001", "pack_id": "2000008800000001", "receiver_shipping_cost": 0},
    "items_info": [{"item_id": "MLB4000000101", "item_amount": 2, "item_price": 49.90, "order_id": 2000011800000001}],
    "document_info": {"document_id": 3000000001},
    "marketplace_info": {"marketplace": "CORE"},
    "currency_info": {"currency_id": "BRL"},
}
PERIOD: dict[str, Any] = {
    "group": "ML",
    "document_type": "BILL",
    "key": "2026-11-01",
    "amount": 16.96,
    "unpaid_amount": 0,
    "period": {"date_from": "2026-11-01", "date_to": "2026-11-30"},
    "expiration_date": "2026-12-10",
    "period_status": "OPEN",
}


def test_a_charge_is_read_with_its_sale_and_its_local_times() -> None:
    charge = read_charge(CHARGE)
    assert (charge.id, charge.type, charge.sub_type, str(charge.amount)) == (900000001, "CHARGE", "CV", "16.96")
    assert (charge.order_id, charge.shipment_id, charge.pack_id) == (2000011800000001, 45100000001, 2000008800000001)
    assert (charge.item_id, charge.debited_from_sale, charge.legal_document) == ("MLB4000000101", True, None)
    assert charge.charged_at.tzinfo is None
    assert charge.sold_at is not None
    assert charge.sold_at.isoformat() == "2026-11-18T23:59:59"


def test_who_bought_is_not_kept() -> None:
    kept = json.dumps(read_charge(CHARGE).raw)
    assert "MARIA" not in kept
    assert "131000000001" in kept


@pytest.mark.parametrize(
    "change",
    [
        {"sales_info": []},
        {"sales_info": None},
        {"shipping_info": None},
        {"items_info": []},
        {"discount_info": None},
        {"currency_info": None},
        {"unheard_of": {"a": 1}},
    ],
)
def test_charges_are_read_with_what_they_have(change: dict[str, Any]) -> None:
    assert read_charge({**CHARGE, **change}).id == 900000001


@pytest.mark.parametrize("field", ["detail_id", "detail_type", "detail_sub_type", "detail_amount", "creation_date_time"])
def test_a_charge_without_what_it_needs_is_refused(field: str) -> None:
    info = {name: value for name, value in CHARGE["charge_info"].items() if name != field}
    with pytest.raises(ValidationError):
        read_charge({**CHARGE, "charge_info": info})


@pytest.mark.parametrize("change", [{"period_status": "HALF"}, {"group": "XX"}, {"key": "november"}, {"period": None}])
def test_a_period_of_an_unknown_kind_is_refused(change: dict[str, Any]) -> None:
    assert read_period(PERIOD).stream == ("2026-11-01", "ML", "BILL")
    with pytest.raises(ValidationError):
        read_period({**PERIOD, **change})


SUMS = st.dictionaries(st.sampled_from(["CV", "BV", "CXD", "BXD", "PADS"]), st.integers(min_value=0, max_value=10**9))


@given(ours=SUMS, theirs=SUMS)
def test_sums_agree_exactly_where_every_sub_type_does(ours: dict[str, int], theirs: dict[str, int]) -> None:
    found = differences(ours, theirs)
    told = {one["sub_type"]: one for one in found}
    for name in {*ours, *theirs}:
        assert (name in told) == (ours.get(name, 0) != theirs.get(name, 0))
    assert (found == []) == (_without_nothing(ours) == _without_nothing(theirs))


@given(charges=SUMS, bonuses=SUMS)
def test_a_summary_is_read_to_the_cent(charges: dict[str, int], bonuses: dict[str, int]) -> None:
    def printed(sums: dict[str, int]) -> list[dict[str, Any]]:
        return [{"label": name, "amount": cents / 100, "type": name} for name, cents in sums.items()]

    read = read_summary({"bill_includes": {"charges": printed(charges), "bonuses": printed(bonuses)}}, "BRL")
    assert read == {name: charges.get(name, 0) + bonuses.get(name, 0) for name in {*charges, *bonuses}}


def _without_nothing(sums: dict[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sums.items() if amount}
