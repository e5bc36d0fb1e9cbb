"""Claims and returns: synced whole, told of and read, never older than what is held, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_dispatcher.handler import handler as dispatcher
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core import clock
from painelml.core.db import tenant_session
from painelml.core.secrets import secret
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.claims.models import read_claim
from painelml.marketplace.claims.service import apply_claims
from painelml.marketplace.errors import AccessRefused
from painelml.sync import dispatch, service
from painelml.sync.scopes import claims as scope
from tests.http import Context, call, gateway
from tests.people import Person, sign_up
from tests.queues import drain, invoke, record
from tests.sellers import connect_and_sync, notification
from tests.servers import Database
from tests.simulator import Simulator
from tests.unit.marketplace.test_claims import CLAIM


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def every(person: Person, **query: str) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = call(sales, "GET", "/claims", caller=person.caller, query={"limit": "3", **query, **cursor})
        assert page.status == 200, page.text
        yield from page.json["data"]
        if page.json["next_cursor"] is None:
            return
        cursor = {"cursor": page.json["next_cursor"]}


def one(person: Person, claim_id: int) -> Any:
    return call(sales, "GET", f"/claims/{claim_id}", caller=person.caller)


def tell(seller: int, claim_id: int, topic: str = "post_purchase", resource: str = "/post-purchase/v1/claims/{}") -> None:
    attributes = {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}
    body = notification(seller, resource.format(claim_id), topic=topic, _id=str(uuid4()), actions=["claims"])
    assert invoke(webhook_worker, record(body, attributes=attributes)) == []
    drain("jobs", sync_worker)


def opened(sim: Simulator, seller: int, **wish: Any) -> int:
    return int(sim.ask("POST", "/_sim/claims", {"seller_id": seller, "announce": False, **wish})["claim_id"])


def moved(sim: Simulator, claim_id: int, action: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = sim.ask("POST", f"/_sim/claims/{claim_id}", {"action": action, "announce": False, **more})
    return found


@pytest.mark.req("B004")
def test_the_first_sync_equals_what_mercado_livre_has(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=4, orders=40, claims=8)
    account_id = connect_and_sync(person, sim, seller)
    truth = sim.truth(seller)
    listed = list(every(person))
    assert {claim["id"] for claim in listed} == set(truth["claims"]["by_id"])
    for claim in listed:
        told = truth["claims"]["by_id"][claim["id"]]
        assert (claim["status"], claim["stage"], claim["type"]) == (told["status"], told["stage"], told["type"])
        assert claim["order_id"] == str(told["order_id"])
        assert (claim["resolution"] is not None) == (claim["status"] == "closed")
    returns = [back for claim in listed for back in one(person, claim["id"]).json["returns"]]
    assert {back["id"]: back["status"] for back in returns} == {
        number: told["status"] for number, told in truth["returns"]["by_id"].items()
    }
    assert [(claim["created_at"], int(claim["id"])) for claim in listed] == sorted(
        ((claim["created_at"], int(claim["id"])) for claim in listed), reverse=True
    )
    runs = call(gateway, "GET", f"/ml-accounts/{account_id}/sync", caller=person.caller).json["runs"]
    assert {run["scope"]: run["processed"]["claims"] for run in runs}["claims"] >= 8
    assert [run["errors"] for run in runs] == [[] for _ in runs]


def test_lists_filter(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=4, orders=40, claims=8)
    account_id = connect_and_sync(person, sim, seller)
    escalated = opened(sim, seller)
    moved(sim, escalated, "escalate")
    tell(seller, escalated)
    listed = list(every(person))
    for field, value in [("status", "opened"), ("status", "closed"), ("stage", "dispute"), ("order_id", listed[0]["order_id"])]:
        wanted = [claim for claim in listed if claim[field] == value]
        assert wanted
        assert list(every(person, **{field: value})) == wanted
    assert list(every(person, account_id=str(account_id))) == listed
    assert list(every(person, account_id=str(uuid4()))) == []
    assert call(sales, "GET", "/claims", caller=person.caller, query={"stage": "a;b"}).status == 400


@pytest.mark.req("A024", "B029")
@pytest.mark.parametrize(
    ("topic", "resource"), [("post_purchase", "/post-purchase/v1/claims/{}"), ("claims", "/v1/claims/{}")], ids=["new", "old"]
)
def test_a_notification_makes_its_claim_readable_with_the_sellers_duty(
    sim: Simulator, person: Person, topic: str, resource: str
) -> None:
    seller = sim.seller(items=1, orders=5)
    connect_and_sync(person, sim, seller)
    claim_id = opened(sim, seller)
    assert one(person, claim_id).status == 404
    tell(seller, claim_id, topic, resource)
    claim = one(person, claim_id).json
    assert (claim["status"], claim["action"], claim["returns"]) == ("opened", "send_message_to_complainant", [])
    due = datetime.fromisoformat(claim["action_due_at"]) - datetime.fromisoformat(claim["created_at"])
    assert due == timedelta(days=2)


def test_a_claims_way_to_its_end(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=1, orders=5)
    connect_and_sync(person, sim, seller)
    claim_id = opened(sim, seller, type="return")
    moved(sim, claim_id, "open_return")
    tell(seller, claim_id)
    (back,) = one(person, claim_id).json["returns"]
    assert (back["status"], back["status_money"]) == ("opened", "retained")
    assert back["items"][0]["return_quantity"] >= 1
    moved(sim, claim_id, "return_shipped")
    tell(seller, claim_id)
    (back,) = one(person, claim_id).json["returns"]
    assert (back["status"], back["shipments"][0]["status"]) == ("shipped", "shipped")
    assert back["shipments"][0]["tracking_number"]
    moved(sim, claim_id, "return_delivered")
    moved(sim, claim_id, "return_closed")
    moved(sim, claim_id, "close", benefited="complainant", by="mediator")
    tell(seller, claim_id)
    claim = one(person, claim_id).json
    assert (claim["status"], claim["action"], claim["resolution"]["benefited"]) == ("closed", None, ["complainant"])
    assert (claim["returns"][0]["status"], claim["returns"][0]["status_money"]) == ("closed", "refunded")


def test_a_claim_that_nothing_told_of_comes_by_schedule(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = sim.seller(items=1, orders=6, claims=1)
    connect_and_sync(person, sim, seller)
    old = next(every(person))["id"]
    fresh = opened(sim, seller)
    moved(sim, int(old), "touch")
    later = clock.now() + timedelta(hours=2, minutes=1)
    for module in (dispatch, service, scope):
        monkeypatch.setattr(module, "now", lambda: later)
    dispatcher({"spread_seconds": 0}, Context())
    drain("jobs", sync_worker)
    assert one(person, fresh).status == 200
    truth = sim.truth(seller)["claims"]["by_id"]
    assert {claim["id"]: claim["updated_at"] for claim in every(person)} == {
        claim_id: told["last_updated"] for claim_id, told in truth.items()
    }


def test_an_older_version_changes_nothing_and_what_is_absent_erases_nothing(
    sim: Simulator, person: Person, platform: Database
) -> None:
    seller = sim.seller(items=1, orders=5)
    account_id = connect_and_sync(person, sim, seller)

    def write(**change: Any) -> list[int]:
        document = {**CLAIM, "id": uniquely, "players": [{"role": "respondent", "type": "seller", "user_id": seller}], **change}
        kept = {name: value for name, value in document.items() if value is not ...}
        with tenant_session(person.caller.tenant_id) as session:
            return apply_claims(session, connected_account(session, account_id), [read_claim(kept)])

    uniquely = UUID(int=uuid4().int).int % 10**15 + 1
    ended = {"reason": "payment_refunded", "benefited": ["complainant"], "closed_by": "mediator"}
    assert write(status="closed", resolution=ended) == [uniquely]
    assert write(status="opened", last_updated="2026-11-21T10:00:00.000-04:00") == []
    assert write(status="closed", resolution=..., reason_id=...) == [uniquely]
    claim = one(person, uniquely).json
    assert (claim["status"], claim["reason_id"], claim["resolution"]["reason"]) == ("closed", "PDD9939", "payment_refunded")
    with psycopg.connect(platform.superuser_url) as admin:
        row = admin.execute("select raw -> 'resolution' ->> 'reason' from app.claims where id = %s", [uniquely]).fetchone()
    assert row == ("payment_refunded",)


@pytest.mark.req("A055")
def test_anothers_claims_are_not_found_and_not_taken_in(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=1, orders=5, claims=1)
    account_id = connect_and_sync(person, sim, seller)
    claim_id = next(every(person))["id"]
    rival = sign_up()
    assert one(rival, claim_id).status == 404
    assert list(every(rival)) == []
    theirs = read_claim({**CLAIM, "id": 5299999999})
    with tenant_session(person.caller.tenant_id) as session, pytest.raises(AccessRefused):
        apply_claims(session, connected_account(session, account_id), [theirs])
    other = sim.seller(items=1, orders=5)
    foreign = opened(sim, other)
    tell(seller, foreign)
    assert one(person, foreign).status == 404
