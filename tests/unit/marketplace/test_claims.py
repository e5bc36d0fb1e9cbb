"""Claims and returns as Mercado Livre tells of them: tolerant of shapes, and without what is personal."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.answers import Answer
from painelml.marketplace.claims.models import read_claim, read_return
from painelml.marketplace.errors import ResourceMissing
from painelml.marketplace.resources import read_resource
from painelml.sync.scopes import claims

CLAIM: dict[str, Any] = {
    "id": 5200000001,
    "resource": "order",
    "resource_id": 2000011800000001,
    "status": "opened",
    "type": "mediations",
    "stage": "claim",
    "parent_id": None,
    "reason_id": "PDD9939",
    "fulfilled": True,
    "quantity_type": "total",
    "claimed_quantity": 1,
    "players": [
        {"role": "complainant", "type": "buyer", "user_id": 700000001, "nickname": "MARIA", "available_actions": []},
        {
            "role": "respondent",
            "type": "seller",
            "user_id": 1482301177,
            "available_actions": [
                {"action": "refund", "mandatory": False, "due_date": None},
                {"action": "open_dispute", "mandatory": True, "due_date": "2026-11-25T10:00:00.000-04:00"},
                {"action": "send_message_to_complainant", "mandatory": True, "due_date": "2026-11-24T10:00:00.000-04:00"},
            ],
        },
    ],
    "resolution": None,
    "site_id": "MLB",
    "related_entities": [],
    "date_created": "2026-11-20T10:00:05.000-04:00",
    "last_updated": "2026-11-22T10:00:05.000-04:00",
    "buyer_comment": "Ligue para 11 99999-0000",
}
RETURN: dict[str, Any] = {
    "id": 61000001,
    "claim_id": 5200000001,
    "status": "shipped",
    "status_money": "retained",
    "subtype": "return_total",
    "shipments": [
        {
            "shipment_id": 45100000009,
            "status": "shipped",
            "tracking_number": "DV1BR",
            "type": "return",
            "destination": {"name": "seller_address", "shipping_address": {"address": "Rua das Flores 1"}},
        }
    ],
    "orders": [
        {
            "order_id": 2000011800000001,
            "item_id": "MLB4000000101",
            "variation_id": None,
            "context_type": "total",
            "total_quantity": "2.0",
            "return_quantity": "1.0",
        }
    ],
    "date_created": "2026-11-21T10:00:05.000-04:00",
    "last_updated": "2026-11-23T10:00:05.000-04:00",
    "date_closed": None,
}


def test_a_claim_is_read_with_the_sellers_first_duty() -> None:
    claim = read_claim(CLAIM)
    assert (claim.id, claim.seller_id, claim.order_id, claim.has_return) == (5200000001, 1482301177, 2000011800000001, False)
    assert claim.duty is not None
    assert (claim.duty.action, claim.duty.due_date) == (
        "send_message_to_complainant",
        read_claim({**CLAIM, "date_created": "2026-11-24T10:00:00.000-04:00"}).date_created,
    )
    assert claim.updated_at == claim.last_updated


def test_nobodys_words_name_or_address_is_kept() -> None:
    kept = json.dumps([read_claim(CLAIM).raw, read_return(RETURN).raw])
    assert "Ligue" not in kept
    assert "MARIA" not in kept
    assert "Flores" not in kept
    assert "DV1BR" in kept
    assert "PDD9939" in kept


def test_a_return_has_its_quantities_as_numbers_and_moves_its_claims_version() -> None:
    found = read_return(RETURN)
    assert [(float(item.total_quantity or 0), float(item.return_quantity or 0)) for item in found.items] == [(2.0, 1.0)]
    claim = read_claim({**CLAIM, "related_entities": ["return"]}, found)
    assert claim.updated_at == found.last_updated > claim.last_updated


@pytest.mark.parametrize("resource", ["payment", "shipment", "purchase"])
def test_of_another_resource_only_the_return_names_the_order(resource: str) -> None:
    about = {**CLAIM, "resource": resource, "resource_id": 77}
    assert read_claim(about).order_id is None
    assert read_claim(about, read_return(RETURN)).order_id == 2000011800000001


def test_returns_and_return_are_one_type() -> None:
    assert read_claim({**CLAIM, "type": "returns"}).kind == read_claim({**CLAIM, "type": "return"}).kind == "return"


@pytest.mark.parametrize(
    "change",
    [
        {"resolution": {"reason": "payment_refunded", "benefited": "complainant", "closed_by": None}},
        {"resolution": {"reason": None, "benefited": None}},
        {"fulfilled": "undefined"},
        {"reason_id": None},
        {"unheard_of": {"a": 1}},
        {"id": "5200000001"},
    ],
)
def test_claims_are_read_with_what_they_have(change: dict[str, Any]) -> None:
    assert read_claim({**CLAIM, **change}).id == 5200000001


@pytest.mark.parametrize("field", ["id", "resource", "resource_id", "status", "type", "stage", "players", "last_updated"])
def test_a_claim_without_what_it_needs_is_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        read_claim({name: value for name, value in CLAIM.items() if name != field})


def test_a_claim_that_names_no_seller_is_nobodys() -> None:
    assert read_claim({**CLAIM, "players": CLAIM["players"][:1]}).seller_id == 0


@pytest.mark.parametrize(
    ("topic", "resource"),
    [
        ("post_purchase", "/post-purchase/v1/claims/5200000001"),
        ("post_purchase", "post-purchase/v1/claims/5200000001"),
        ("post_purchase", "/post-purchase/v2/claims/5200000001/returns"),
        ("claims", "/v1/claims/5200000001"),
        ("claims", "/claims/5200000001"),
        ("claims", "5200000001"),
    ],
)
def test_both_topics_point_at_the_claim(topic: str, resource: str) -> None:
    found = read_resource(topic, resource)
    assert found is not None
    assert found.path == "/post-purchase/v1/claims/5200000001"


@pytest.mark.parametrize("resource", ["/post-purchase/v1/claims/", "/post-purchase/v1/claims/5/messages", "claims/../users/1"])
def test_nothing_else_does(resource: str) -> None:
    assert read_resource("post_purchase", resource) is None


# Pages of the search


class Api:
    """A search over claims of these stamps, and the returns of some."""

    account = ConnectedAccount(uuid4(), uuid4(), 1482301177, "MLB", "ACTIVE")

    def __init__(self, stamps: list[str], returns: tuple[int, ...] = ()) -> None:
        self.claims = [
            {**CLAIM, "id": number, "last_updated": stamp, "related_entities": ["return"] if number in returns else []}
            for number, stamp in enumerate(stamps, 1)
        ]
        self.asked: list[dict[str, Any]] = []

    def get(self, path: str, **params: Any) -> Answer:
        if path.endswith("/returns"):
            return Answer({**RETURN, "id": 9})
        self.asked.append(params)
        after = params["range"].removeprefix("last_updated:after:")
        rest = [claim for claim in self.claims if _moment(claim["last_updated"]) >= _moment(after)]
        rest.sort(key=lambda claim: (_moment(claim["last_updated"]), claim["id"]))
        return Answer({"data": rest[params["offset"] : params["offset"] + params["limit"]]})


def _moment(text: str) -> Any:
    return read_claim({**CLAIM, "last_updated": text}).last_updated


def whole_run(api: Api) -> tuple[set[int], int]:
    """The ids that a run brings, and in how many pages."""
    cursor, seen, pages = {"after": "2026-01-01T00:00:00+00:00", "offset": 0, "newest": None}, set(), 0
    while True:
        found, done = claims.claims_page(api, cursor)  # type: ignore[arg-type]
        seen |= {claim.id for claim in found}
        assert done.errors == []
        cursor, pages = done.cursor, pages + 1
        if done.finished:
            return seen, pages
        assert pages < 100, "the run does not end"


@pytest.mark.parametrize("many", [0, 99, 100, 101, 350])
@pytest.mark.parametrize("same", [True, False])
def test_a_run_brings_every_claim_and_ends(many: int, same: bool) -> None:
    stamps = ["2026-11-01T00:00:00Z" if same else f"2026-11-01T00:{n // 60:02}:{n % 60:02}Z" for n in range(many)]
    assert whole_run(Api(stamps))[0] == set(range(1, many + 1))


@pytest.mark.parametrize("same", [True, False])
def test_a_page_reads_no_more_returns_than_it_may(same: bool) -> None:
    stamps = ["2026-11-01T00:00:00Z" if same else f"2026-11-01T00:00:{n:02}Z" for n in range(40)]
    api = Api(stamps, returns=tuple(range(1, 41)))
    seen, pages = whole_run(api)
    assert seen == set(range(1, 41))
    assert pages >= 40 // claims.RETURNS_PER_PAGE


def test_a_claim_that_moves_while_we_page_keeps_nobody_from_being_read() -> None:
    api = Api([f"2026-11-01T00:{n // 60:02}:{n % 60:02}Z" for n in range(250)])
    cursor = {"after": "2026-01-01T00:00:00+00:00", "offset": 0, "newest": None}
    first, done = claims.claims_page(api, cursor)  # type: ignore[arg-type]
    api.claims[3]["last_updated"] = "2026-11-02T00:00:00Z"
    seen = {claim.id for claim in first}
    while not done.finished:
        found, done = claims.claims_page(api, done.cursor)  # type: ignore[arg-type]
        seen |= {claim.id for claim in found}
    assert seen == set(range(1, 251))


def test_the_search_never_asks_without_the_seller() -> None:
    api = Api([])
    whole_run(api)
    (asked,) = api.asked
    assert (asked["players.user_id"], asked["players.role"], asked["sort"]) == (1482301177, "respondent", "last_updated:asc")


def test_a_return_that_cannot_be_read_keeps_no_claim_back(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(["2026-11-01T00:00:00Z"], returns=(1,))
    search = api.get

    def missing(path: str, **params: Any) -> Answer:
        if path.endswith("/returns"):
            raise ResourceMissing(404, "not_found")
        return search(path, **params)

    monkeypatch.setattr(api, "get", missing)
    ((claim,), done) = claims.claims_page(api, claims.first_cursor(365, None))  # type: ignore[arg-type]
    assert (claim.has_return, claim.returned, done.errors) == (True, None, [])
