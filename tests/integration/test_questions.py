"""Buyers' questions: brought in whole, kept up to date, answered once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
from painelml.marketplace.api import transport
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import MarketplaceBusy, OutcomeUnknown, ResourceMissing
from painelml.marketplace.questions import answering
from painelml.marketplace.questions.service import apply_questions, fetch_question
from painelml.sync import service as syncs
from painelml.sync.scopes.questions import first_cursor, questions_page
from tests.http import Answer, call, gateway
from tests.people import Person, sign_up
from tests.queues import drain, invoke, record
from tests.sellers import connect, connect_and_sync, notification
from tests.simulator import Simulator


@pytest.fixture
def person(platform: object) -> Person:
    return sign_up()


def every(person: Person, **query: str) -> Iterator[dict[str, Any]]:
    """All questions, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = call(buyers, "GET", "/questions", caller=person.caller, query={"limit": "20", **query, **cursor})
        assert page.status == 200, page.text
        yield from page.json["data"]
        if page.json["next_cursor"] is None:
            return
        cursor = {"cursor": page.json["next_cursor"]}


def read(person: Person, question_id: int) -> Answer:
    return call(buyers, "GET", f"/questions/{question_id}", caller=person.caller)


def answer(person: Person, question_id: int, text: str = "Temos sim!", **headers: str) -> Answer:
    body = {"text": text}
    return call(buyers, "POST", f"/questions/{question_id}/answer", caller=person.caller, body=body, headers=headers)


def ask(sim: Simulator, seller: int, **wish: Any) -> int:
    return int(sim.ask("POST", "/_sim/questions", {"seller_id": seller, "announce": False, **wish})["question_id"])


def change(sim: Simulator, question_id: int, action: str, **values: Any) -> None:
    sim.ask("POST", f"/_sim/questions/{question_id}", {"action": action, "announce": False, **values})


def announce(sim: Simulator, seller: int, question_id: int) -> None:
    """A notification, and what follows from it."""
    told = notification(seller, f"/questions/{question_id}", topic="questions", _id=f"n-{uuid4()}")
    token = secret("webhooks")["mercado_livre_token"]
    invoke(webhook_worker, record(told, attributes={"source": "mercado-livre", "path_token": token}))
    drain("jobs", sync_worker)


def run(person: Person, account_id: UUID, trigger: str = "manual") -> dict[str, Any]:
    """A whole run of the scope; the cursor it began with."""
    with tenant_session(person.caller.tenant_id) as session:
        run_id = syncs.start(session, account_id, "questions", days=90, trigger=trigger)  # type: ignore[arg-type]
        assert run_id is not None
        cursor: dict[str, Any] = session.value(
            "select cursor from app.sync_runs where tenant_id = %(tenant_id)s and id = %(run_id)s", run_id=run_id
        )
    drain("jobs", sync_worker)
    return cursor


@pytest.fixture
def shop(sim: Simulator, person: Person) -> tuple[int, UUID]:
    """A seller with nothing but a listing, connected: `(seller, account_id)`."""
    seller = sim.seller(items=1)
    return seller, connect_and_sync(person, sim, seller)


# Reading


@pytest.mark.req("B006")
def test_a_sync_brings_in_every_question_as_mercado_livre_has_it(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=5, questions=1_120, days=80)
    account_id = connect(person, sim, seller)
    drain("jobs", sync_worker)
    truth = sim.truth(seller)["questions"]
    held = {question["id"]: question for question in every(person)}
    assert {key: (one["status"], one["item_id"], one["answer"] is not None) for key, one in held.items()} == {
        key: (one["status"], one["item_id"], one["answered"]) for key, one in truth["by_id"].items()
    }
    assert truth["by_status"]["BANNED"] > 0
    moments = [(one["created_at"], int(one["id"])) for one in every(person)]
    assert moments == sorted(moments, reverse=True)
    for status, count in truth["by_status"].items():
        assert len(list(every(person, status=status, account_id=str(account_id)))) == count
    item_id = next(iter(held.values()))["item_id"]
    assert {one["id"] for one in every(person, item_id=item_id)} == {
        key for key, one in truth["by_id"].items() if one["item_id"] == item_id
    }
    runs = call(gateway, "GET", f"/ml-accounts/{account_id}/sync", caller=person.caller).json["runs"]
    (done,) = [one for one in runs if one["scope"] == "questions"]
    assert (done["status"], done["processed"]["questions"], done["errors"]) == ("done", 1_120, [])


@pytest.mark.req("B006")
def test_a_notification_makes_its_question_readable_and_then_its_answer(
    sim: Simulator, person: Person, shop: tuple[int, UUID]
) -> None:
    seller, _ = shop
    question_id = ask(sim, seller, text="Tem na cor azul?")
    assert read(person, question_id).status == 404
    announce(sim, seller, question_id)
    held = read(person, question_id).json
    assert (held["text"], held["status"], held["answer"]) == ("Tem na cor azul?", "UNANSWERED", None)
    change(sim, question_id, "answer", text="Temos.")
    announce(sim, seller, question_id)
    held = read(person, question_id).json
    assert (held["status"], held["answer"]["text"], held["answer"]["status"]) == ("ANSWERED", "Temos.", "ACTIVE")
    assert held["updated_at"] == sim.truth(seller)["questions"]["by_id"][str(question_id)]["last_updated"]


def test_what_is_banned_keeps_the_words_that_were_held(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, account_id = shop
    question_id = ask(sim, seller, text="Me chama no zap")
    announce(sim, seller, question_id)
    change(sim, question_id, "ban")
    announce(sim, seller, question_id)
    assert (read(person, question_id).json["status"], read(person, question_id).json["text"]) == ("BANNED", "Me chama no zap")
    run(person, account_id)
    assert read(person, question_id).json["text"] == "Me chama no zap"


def test_a_search_repairs_what_a_lost_notification_left(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, account_id = shop
    question_id = ask(sim, seller)
    announce(sim, seller, question_id)
    change(sim, question_id, "touch")
    announce(sim, seller, question_id)  # held with a stamp that no search prints
    change(sim, question_id, "delete")
    run(person, account_id)
    assert read(person, question_id).json["status"] == "DELETED"


def test_a_search_asked_before_the_newest_read_is_stale(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, account_id = shop
    question_id = ask(sim, seller)
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
    old, _ = questions_page(SellerApi(account), first_cursor(1, None))
    change(sim, question_id, "review")
    announce(sim, seller, question_id)
    with tenant_session(person.caller.tenant_id) as session:
        assert apply_questions(session, account, old) == []
    assert read(person, question_id).json["status"] == "UNDER_REVIEW"


def test_scheduled_runs_read_what_waits_and_everything_once_a_day(
    sim: Simulator, person: Person, shop: tuple[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    seller, account_id = shop
    waiting = ask(sim, seller)
    assert run(person, account_id, "schedule")["status"] == "UNANSWERED"
    assert read(person, waiting).json["status"] == "UNANSWERED"
    change(sim, waiting, "close")
    run(person, account_id, "schedule")
    assert read(person, waiting).json["status"] == "UNANSWERED"
    monkeypatch.setattr("painelml.sync.scopes.questions.now", lambda: now() + timedelta(days=1))
    assert run(person, account_id, "schedule")["status"] is None
    assert read(person, waiting).json["status"] == "CLOSED_UNANSWERED"


@pytest.mark.req("A055", "A061")
def test_another_tenants_questions_are_not_found(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    question_id = ask(sim, shop[0])
    announce(sim, shop[0], question_id)
    rival = sign_up()
    assert list(every(rival)) == []
    assert read(rival, question_id).status == 404
    assert answer(rival, question_id).status == 404
    assert sim.truth(shop[0])["questions"]["by_id"][str(question_id)]["status"] == "UNANSWERED"


# Answering


def test_an_answer_goes_out_and_is_read_back(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    seller, _ = shop
    question_id = ask(sim, seller)
    announce(sim, seller, question_id)
    answered = answer(person, question_id, "  Temos, sim: ação! 💙 ")
    assert answered.status == 200, answered.text
    assert (answered.json["status"], answered.json["answer"]["text"]) == ("ANSWERED", "Temos, sim: ação! 💙")
    assert answered.json == read(person, question_id).json
    truth = sim.truth(seller)["questions"]["by_id"][str(question_id)]
    assert (truth["answered"], truth["last_updated"]) == (True, answered.json["updated_at"])


def test_the_same_key_answers_once(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    question_id = ask(sim, shop[0])
    announce(sim, shop[0], question_id)
    before = sim.calls("POST /answers")
    first = answer(person, question_id, **{"Idempotency-Key": "k1"})
    again = answer(person, question_id, **{"Idempotency-Key": "k1"})
    assert (first.status, again.status, again.headers["idempotent-replayed"]) == (200, 200, "true")
    assert first.json == again.json
    assert sim.calls("POST /answers") == before + 1


def test_an_answered_or_closed_question_is_refused_and_brought_up_to_date(
    sim: Simulator, person: Person, shop: tuple[int, UUID]
) -> None:
    seller, _ = shop
    before = sim.calls("POST /answers")
    for action, status in (("answer", "ANSWERED"), ("close", "CLOSED_UNANSWERED"), ("ban", "BANNED")):
        question_id = ask(sim, seller)
        announce(sim, seller, question_id)
        change(sim, question_id, action, text="Dito em outro lugar.")
        refused = answer(person, question_id)
        assert (refused.status, refused.json["code"], refused.json["question_status"]) == (409, "question_not_open", status)
        assert read(person, question_id).json["status"] == status
    assert sim.calls("POST /answers") == before


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_text_that_mercado_livre_would_not_take_is_refused_before_it_is_asked(
    sim: Simulator, person: Person, shop: tuple[int, UUID], text: str
) -> None:
    before = sim.calls("GET /questions/{question_id}")
    assert answer(person, 13000000001, text).status == 400
    assert sim.calls("GET /questions/{question_id}") == before


def test_the_longest_answer_is_taken(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    question_id = ask(sim, shop[0])
    announce(sim, shop[0], question_id)
    assert answer(person, question_id, "é" * 2000).status == 200


def test_who_only_looks_may_not_answer(sim: Simulator, person: Person, shop: tuple[int, UUID]) -> None:
    question_id = ask(sim, shop[0])
    announce(sim, shop[0], question_id)
    viewer = replace(person.caller, role="VIEWER")
    path = f"/questions/{question_id}"
    assert call(buyers, "GET", path, caller=viewer).status == 200
    assert call(buyers, "POST", f"{path}/answer", caller=viewer, body={"text": "Oi"}).status == 403
    agent = replace(person.caller, role="AGENT")
    assert call(buyers, "POST", f"{path}/answer", caller=agent, body={"text": "Oi"}).status == 200


def test_a_question_that_is_gone_is_told(
    sim: Simulator, person: Person, shop: tuple[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    question_id = ask(sim, shop[0])
    announce(sim, shop[0], question_id)

    def gone(*_: Any) -> None:
        raise ResourceMissing(404, "question_not_found")

    monkeypatch.setattr(answering, "fetch_question", gone)
    refused = answer(person, question_id)
    assert (refused.status, refused.json["code"]) == (409, "question_gone")


# An end that is not known


class Losing:
    """Sends, and loses the answer of the first POST, before or after Mercado Livre has it."""

    def __init__(self, real: Any, *, arrives: bool) -> None:
        self.real, self.arrives, self.posts = real, arrives, 0

    def __call__(self, call: Any, bearer: Any) -> Any:
        if call.method == "POST" and call.path == "/answers":
            self.posts += 1
            if self.arrives:
                self.real(call, bearer)
            raise OutcomeUnknown("no answer: ReadTimeout")
        return self.real(call, bearer)


def test_a_lost_confirmation_is_looked_up_and_never_sent_again(
    sim: Simulator, person: Person, shop: tuple[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    question_id = ask(sim, shop[0])
    announce(sim, shop[0], question_id)
    losing = Losing(transport._response, arrives=True)
    monkeypatch.setattr(transport, "_response", losing)
    answered = answer(person, question_id)
    assert (answered.status, answered.json["answer"]["text"], losing.posts) == (200, "Temos sim!", 1)


def test_an_unknown_end_is_told_as_such(
    sim: Simulator, person: Person, shop: tuple[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    seller, _ = shop
    question_id = ask(sim, seller)
    announce(sim, seller, question_id)
    losing = Losing(transport._response, arrives=False)
    with monkeypatch.context() as patched:
        patched.setattr(transport, "_response", losing)
        told = answer(person, question_id, **{"Idempotency-Key": "lost"})
    assert (told.status, told.json["code"], losing.posts) == (503, "mercado_livre_outcome_unknown", 1)
    assert read(person, question_id).json["answer"] is None
    change(sim, question_id, "answer", text="Temos sim!")  # it had arrived after all
    before = sim.calls("POST /answers")
    again = answer(person, question_id, **{"Idempotency-Key": "lost"})
    assert (again.status, again.json["answer"]["text"]) == (200, "Temos sim!")
    assert sim.calls("POST /answers") == before


def test_an_answer_that_cannot_be_read_back_is_kept_until_it_can(
    sim: Simulator, person: Person, shop: tuple[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    seller, _ = shop
    question_id = ask(sim, seller)
    announce(sim, seller, question_id)
    reads: list[Any] = []

    def second_fails(*args: Any) -> Any:
        reads.append(args)
        if len(reads) > 1:
            raise MarketplaceBusy("answered 500")
        return fetch_question(*args)

    monkeypatch.setattr(answering, "fetch_question", second_fails)
    answered = answer(person, question_id)
    assert (answered.status, answered.json["status"], answered.json["answer"]["created_at"]) == (200, "ANSWERED", None)
    drain("jobs", sync_worker)
    held = read(person, question_id).json
    assert held["answer"]["created_at"]
    assert held["updated_at"] == sim.truth(seller)["questions"]["by_id"][str(question_id)]["last_updated"]
