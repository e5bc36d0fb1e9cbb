"""Sellers' messages: looked at before they are queued, sent once, and their end always told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from lambdas.buyers.handler import handler as buyers
from lambdas.outgoing_text.handler import handler as outgoing_text
from lambdas.sync_worker.handler import handler as sync_worker
from painelml.marketplace.api import transport
from painelml.marketplace.errors import NotSent, OutcomeUnknown
from tests.http import Answer, call
from tests.people import Person, sign_up
from tests.queues import drain, invoke, receive, record
from tests.sellers import connect_and_sync
from tests.simulator import Simulator


@pytest.fixture
def person(platform: object) -> Person:
    return sign_up()


@pytest.fixture
def pack(sim: Simulator, person: Person) -> tuple[int, int]:
    """A conversation that a buyer began and that takes the seller's messages: `(seller, pack_id)`."""
    seller = sim.seller(items=8, orders=40, days=5)
    connect_and_sync(person, sim, seller)
    tried: set[int] = set()
    for _ in range(100):
        pack_id = int(sim.ask("POST", "/_sim/messages", {"seller_id": seller, "announce": False})["pack_id"])
        now_is = sim.ask("POST", f"/_sim/conversations/{pack_id}", {"substatus": None})["conversation_status"]
        if now_is["status"] == "active" and pack_id not in tried:
            return seller, pack_id
        tried.add(pack_id)
    raise AssertionError("every conversation is blocked")


def queued_by(person: Person, pack_id: int, text: str = "Já está a caminho.", **more: Any) -> dict[str, Any]:
    answer = send(person, pack_id, text, **more)
    assert answer.status == 202, answer.text
    found: dict[str, Any] = answer.json
    return found


def send(person: Person, pack_id: int, text: str = "Já está a caminho.", **more: Any) -> Answer:
    return call(buyers, "POST", "/messages", caller=person.caller, body={"pack_id": str(pack_id), "text": text, **more})


def state(person: Person, outgoing_id: str) -> dict[str, Any]:
    found = call(buyers, "GET", f"/messages/outgoing/{outgoing_id}", caller=person.caller)
    assert found.status == 200, found.text
    answer: dict[str, Any] = found.json
    return answer


def of_seller(sim: Simulator, seller: int) -> list[str]:
    return [key for key, one in sim.truth(seller)["messages"]["by_id"].items() if one["sender"] == "seller"]


class Failing:
    """Loses the POST of a message: before it leaves, before it arrives, or after."""

    def __init__(self, *, arrives: bool, error: Exception) -> None:
        self.real, self.arrives, self.error, self.posts = transport._response, arrives, error, 0

    def __call__(self, call: Any, bearer: Any) -> Any:
        if call.method == "POST" and call.path.startswith("/messages/packs/"):
            self.posts += 1
            if self.arrives:
                self.real(call, bearer)
            raise self.error
        return self.real(call, bearer)


def test_a_message_is_queued_sent_and_read_back(sim: Simulator, person: Person, pack: tuple[int, int]) -> None:
    seller, pack_id = pack
    queued = send(person, pack_id)
    assert queued.status == 202, queued.text
    assert (queued.json["status"], queued.json["message_id"]) == ("queued", None)
    assert of_seller(sim, seller) == []
    waiting = receive("outgoing_text")
    assert [one["attributes"]["MessageGroupId"] for one in waiting] == [f"{person.caller.tenant_id}:{pack_id}"]
    assert invoke(outgoing_text, *waiting) == []
    sent = state(person, queued.json["id"])
    assert (sent["status"], [sent["message_id"]]) == ("sent", of_seller(sim, seller))
    drain("jobs", sync_worker)
    page = call(buyers, "GET", "/messages", caller=person.caller, query={"pack_id": str(pack_id)}).json
    assert (page["data"][0]["sender"], page["data"][0]["text"]) == ("seller", "Já está a caminho.")
    assert page["conversation"]["unread"] == 1  # sending reads nothing either
    assert invoke(outgoing_text, *waiting) == []
    assert len(of_seller(sim, seller)) == 1


@pytest.mark.parametrize("agent", ["off", "all"])
def test_the_agent_in_between_is_written_to_where_there_is_one(
    sim: Simulator, person: Person, pack: tuple[int, int], agent: str
) -> None:
    seller, pack_id = pack
    sim.chaos(message_agent=agent)
    queued = queued_by(person, pack_id)
    invoke(outgoing_text, *receive("outgoing_text"))
    assert state(person, queued["id"])["status"] == "sent"
    assert len(of_seller(sim, seller)) == 1


def test_a_blocked_conversation_is_refused_with_its_reason(sim: Simulator, person: Person, pack: tuple[int, int]) -> None:
    _, pack_id = pack
    late = queued_by(person, pack_id)
    sim.ask("POST", f"/_sim/conversations/{pack_id}", {"substatus": "blocked_by_buyer"})
    refused = send(person, pack_id)
    assert (refused.status, refused.json["code"], refused.json["substatus"]) == (
        409,
        "conversation_blocked",
        "blocked_by_buyer",
    )
    assert invoke(outgoing_text, *receive("outgoing_text")) == []
    assert (state(person, late["id"])["status"], state(person, late["id"])["reason"]) == ("refused", "blocked_by_buyer")


def test_what_moderation_would_reject_is_refused_before_anything_is_queued(
    sim: Simulator, person: Person, pack: tuple[int, int]
) -> None:
    refused = send(person, pack[1], "Me chama no whatsapp")
    assert (refused.status, refused.json["code"], refused.json["reason"]) == (
        422,
        "outgoing_text_refused",
        "SOCIAL_NETWORK_LINK",
    )
    assert send(person, pack[1], "x" * 351).status == 400
    assert receive("outgoing_text") == []


def test_what_mercado_livre_refuses_is_written_down(sim: Simulator, person: Person, pack: tuple[int, int]) -> None:
    queued = queued_by(person, pack[1], attachments=["no-such-key.pdf"])
    assert invoke(outgoing_text, *receive("outgoing_text")) == []
    found = state(person, queued["id"])
    assert found["status"] == "refused"
    assert found["reason"]


@pytest.mark.parametrize("end", [(True, "sent"), (False, "unknown")])
def test_a_lost_confirmation_is_looked_up_and_never_sent_again(
    sim: Simulator, person: Person, pack: tuple[int, int], monkeypatch: pytest.MonkeyPatch, end: tuple[bool, str]
) -> None:
    arrives, status = end
    queued = queued_by(person, pack[1])
    failing = Failing(arrives=arrives, error=OutcomeUnknown("no answer: ReadTimeout"))
    monkeypatch.setattr(transport, "_response", failing)
    waiting = receive("outgoing_text")
    assert invoke(outgoing_text, *waiting) == []
    assert state(person, queued["id"])["status"] == status
    assert invoke(outgoing_text, *waiting) == []
    assert failing.posts == 1
    assert len(of_seller(sim, pack[0])) == int(arrives)


def test_what_cannot_be_sent_now_keeps_its_place_and_is_given_up_at_last(
    sim: Simulator, person: Person, pack: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = queued_by(person, pack[1])
    with monkeypatch.context() as patched:
        patched.setattr(transport, "_response", Failing(arrives=False, error=NotSent("no connection")))
        [waiting] = receive("outgoing_text")
        assert invoke(outgoing_text, waiting) == [waiting["messageId"]]
        assert state(person, queued["id"])["status"] == "queued"
    assert invoke(outgoing_text, waiting) == []
    assert state(person, queued["id"])["status"] == "sent"
    hopeless = queued_by(person, pack[1], "Outra coisa.")
    [last] = receive("outgoing_text")
    patient = record(last["body"], group="g", receives=5)
    monkeypatch.setattr(transport, "_response", Failing(arrives=False, error=NotSent("no connection")))
    assert invoke(outgoing_text, patient) == []
    assert state(person, hopeless["id"])["status"] == "refused"


def test_another_tenants_conversations_are_not_found(sim: Simulator, person: Person, pack: tuple[int, int]) -> None:
    queued = queued_by(person, pack[1])
    rival = sign_up()
    assert send(rival, pack[1]).status == 404
    assert call(buyers, "GET", f"/messages/outgoing/{UUID(queued['id'])}", caller=rival.caller).status == 404
