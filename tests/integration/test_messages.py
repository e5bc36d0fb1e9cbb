"""Conversations with buyers: brought in whole, kept up to date, and never marked as read by our reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from lambdas.buyers.handler import handler as buyers
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core.clock import now
from painelml.core.db import tenant_session
from painelml.core.secrets import secret
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.messages.service import apply_conversations, fetch_conversations
from painelml.sync import service as syncs
from painelml.sync.scopes import messages as scope
from tests.http import Answer, call, gateway
from tests.people import Person, sign_up
from tests.queues import drain, invoke, record
from tests.sellers import connect_and_sync, notification
from tests.simulator import Simulator


@pytest.fixture
def person(platform: object) -> Person:
    return sign_up()


def thread(person: Person, **query: str) -> Answer:
    return call(buyers, "GET", "/messages", caller=person.caller, query=query)


def every(person: Person, pack_id: int) -> Iterator[dict[str, Any]]:
    """All messages of a conversation, two at a time."""
    cursor: dict[str, str] = {}
    while True:
        page = thread(person, pack_id=str(pack_id), limit="2", **cursor)
        assert page.status == 200, page.text
        yield from page.json["data"]
        if page.json["next_cursor"] is None:
            return
        cursor = {"cursor": page.json["next_cursor"]}


def read(person: Person, message_id: str) -> Answer:
    return call(buyers, "GET", f"/messages/{message_id}", caller=person.caller)


def write(sim: Simulator, seller: int, **wish: Any) -> tuple[str, int]:
    """A buyer writes, unannounced: the message's id and its pack."""
    made = sim.ask("POST", "/_sim/messages", {"seller_id": seller, "announce": False, **wish})
    return made["message_id"], int(made["pack_id"])


def change(sim: Simulator, message_id: str, action: str, **values: Any) -> None:
    sim.ask("POST", f"/_sim/messages/{message_id}", {"action": action, **values})


def announce(seller: int, message_id: str, *actions: str) -> None:
    """A typified notification, and what follows from it."""
    told = notification(seller, message_id, topic="messages", _id=f"n-{uuid4()}", actions=list(actions or ("created",)))
    token = secret("webhooks")["mercado_livre_token"]
    invoke(webhook_worker, record(told, attributes={"source": "mercado-livre", "path_token": token}))
    drain("jobs", sync_worker)


def truth_of(sim: Simulator, seller: int) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = sim.truth(seller)["messages"]["by_id"]
    return found


def run(person: Person, account_id: UUID, trigger: str) -> None:
    with tenant_session(person.caller.tenant_id) as session:
        assert syncs.start(session, account_id, "messages", days=90, trigger=trigger)  # type: ignore[arg-type]
    drain("jobs", sync_worker)


@pytest.fixture
def shop(sim: Simulator, person: Person) -> tuple[int, UUID]:
    """A seller with sales nobody wrote about, connected: `(seller, account_id)`."""
    seller = sim.seller(items=2, orders=5, days=5)
    return seller, connect_and_sync(person, sim, seller)


@pytest.mark.req("B006")
def test_a_sync_brings_in_every_message_as_mercado_livre_has_it(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=4, orders=60, days=20, messages=90)
    account_id = connect_and_sync(person, sim, seller)
    truth = truth_of(sim, seller)
    packs = {one["pack_id"] for one in truth.values()}
    held = {one["id"]: one for pack_id in packs for one in every(person, pack_id)}
    assert {key: (int(one["pack_id"]), one["sender"], one["created_at"], one["read_at"]) for key, one in held.items()} == {
        key: (one["pack_id"], one["sender"], one["created"], one["read"]) for key, one in truth.items()
    }
    for pack_id in packs:
        page = thread(person, pack_id=str(pack_id)).json
        unread = sum(one["pack_id"] == pack_id and one["sender"] == "buyer" and not one["read"] for one in truth.values())
        assert page["conversation"]["unread"] == unread
        moments = [(one["created_at"], one["id"]) for one in page["data"]]
        assert moments == sorted(moments, reverse=True)
        assert page["conversation"]["last_message_at"] == moments[0][0]
    runs = call(gateway, "GET", f"/ml-accounts/{account_id}/sync", caller=person.caller).json["runs"]
    (done,) = [one for one in runs if one["scope"] == "messages"]
    assert (done["status"], done["errors"]) == ("done", [])
    assert done["processed"]["messages"] >= len(truth)


@pytest.mark.req("B006")
@pytest.mark.parametrize("shape", [{}, {"message_detail": "flat"}, {"message_variant": True}, {"message_agent": "all"}])
def test_a_notification_makes_its_message_readable_in_every_shape(
    sim: Simulator, person: Person, shop: tuple[int, UUID], shape: dict[str, Any]
) -> None:
    seller, account_id = shop
    sim.chaos(**shape)
    message_id, pack_id = write(sim, seller, text="Quando chega?")
    assert read(person, message_id).status == 404
    announce(seller, message_id)
    held = read(person, message_id).json
    assert (held["text"], held["sender"], held["pack_id"]) == ("Quando chega?", "buyer", str(pack_id))
    assert (held["account_id"], held["status"], held["moderation_status"]) == (str(account_id), "available", "clean")
    page = thread(person, pack_id=str(pack_id)).json
    assert page["data"] == [held]
    assert page["conversation"]["unread"] == 1


def test_reading_marks_nothing_as_read(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, account_id = shop
    message_id, pack_id = write(sim, seller)
    announce(seller, message_id)
    run(person, account_id, "manual")
    assert thread(person, pack_id=str(pack_id)).status == read(person, message_id).status == 200
    assert truth_of(sim, seller)[message_id]["read"] is None
    change(sim, message_id, "read")
    announce(seller, message_id, "read")
    assert read(person, message_id).json["read_at"] == truth_of(sim, seller)[message_id]["read"]
    assert thread(person, pack_id=str(pack_id)).json["conversation"]["unread"] == 0


def test_an_orders_conversation_is_its_packs(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, _ = shop
    message_id, pack_id = write(sim, seller)
    announce(seller, message_id)
    with tenant_session(person.caller.tenant_id) as session:
        orders = session.rows(
            "select id from app.orders where tenant_id = %(tenant_id)s and coalesce(pack_id, id) = %(pack_id)s",
            pack_id=pack_id,
        )
    assert orders
    for order in orders:
        assert [one["id"] for one in thread(person, order_id=str(order["id"])).json["data"]] == [message_id]


@pytest.mark.parametrize("query", [{}, {"pack_id": "1", "order_id": "1"}, {"pack_id": "0"}, {"order_id": "x"}])
def test_one_conversation_is_asked_for(person: Person, query: dict[str, str]) -> None:
    assert thread(person, **query).status == 400


def test_a_moderated_message_and_a_blocked_conversation_show(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, _ = shop
    message_id, pack_id = write(sim, seller, text="Me liga")
    announce(seller, message_id)
    other, _ = write(sim, seller, pack_id=pack_id)
    change(sim, message_id, "moderate", reason="PERSONAL_DATA")  # hidden from the seller from now on
    sim.ask("POST", f"/_sim/conversations/{pack_id}", {"substatus": "blocked_by_mediation"})
    announce(seller, other)
    page = thread(person, pack_id=str(pack_id)).json
    assert {one["id"] for one in page["data"]} == {message_id, other}
    assert (page["conversation"]["status"], page["conversation"]["substatus"]) == ("blocked", "blocked_by_mediation")
    assert read(person, message_id).json["text"] == "Me liga"


def test_an_older_read_changes_nothing(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, account_id = shop
    message_id, pack_id = write(sim, seller)
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
    old = fetch_conversations(SellerApi(account), [pack_id])
    change(sim, message_id, "read")
    announce(seller, message_id, "read")
    before = thread(person, pack_id=str(pack_id)).json
    with tenant_session(person.caller.tenant_id) as session:
        assert apply_conversations(session, account, old) == []
    assert thread(person, pack_id=str(pack_id)).json == before
    assert before["data"][0]["read_at"]


def test_scheduled_runs_read_what_is_unread_and_the_orders_once_a_day(
    sim: Simulator, person: Person, shop: tuple[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    seller, account_id = shop
    unread, pack_id = write(sim, seller)
    seen, _ = write(sim, seller, pack_id=pack_id)
    run(person, account_id, "schedule")
    assert {one["id"] for one in every(person, pack_id)} == {unread, seen}
    others = [one for one in (write(sim, seller) for _ in range(8)) if one[1] != pack_id]
    assert others
    lost = others[0][0]
    for message_id, _ in others:
        change(sim, message_id, "read")
    run(person, account_id, "schedule")
    assert read(person, lost).status == 404
    monkeypatch.setattr("painelml.sync.scopes.messages.now", lambda: now() + timedelta(days=1))
    run(person, account_id, "schedule")
    assert read(person, lost).json["read_at"]


@pytest.mark.req("A055")
def test_another_tenants_messages_are_not_found(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    message_id, pack_id = write(sim, shop[0])
    announce(shop[0], message_id)
    rival = sign_up()
    assert read(rival, message_id).status == 404
    assert thread(rival, pack_id=str(pack_id)).status == 404
    assert thread(rival, order_id=str(pack_id)).status == 404
    assert read(person, message_id).status == 200


def test_one_refused_conversation_keeps_no_other_back(
    sim: Simulator, person: Person, shop: tuple[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    seller, account_id = shop
    message_id, _ = write(sim, seller)
    real = scope._unread
    monkeypatch.setattr(scope, "_unread", lambda api: [99, *real(api)])
    run(person, account_id, "manual")
    assert read(person, message_id).status == 200
    runs = call(gateway, "GET", f"/ml-accounts/{account_id}/sync", caller=person.caller).json["runs"]
    (done,) = [one for one in runs if one["scope"] == "messages"]
    assert (done["status"], [(error["code"], error["resource"]) for error in done["errors"]]) == (
        "done",
        [("conversation_not_found", "99")],
    )
