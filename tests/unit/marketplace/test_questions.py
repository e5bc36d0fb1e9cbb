"""Questions as Mercado Livre prints them: by a search, by an id, banned, and bent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from painelml.marketplace.questions.kind import KIND
from painelml.marketplace.questions.models import AnswerRequest, read_question, searched_question
from painelml.marketplace.resources import read_resource

FOUND: dict[str, Any] = {
    "id": 13000000001,
    "item_id": "MLB4000000101",
    "seller_id": 1482301177,
    "status": "ANSWERED",
    "text": "Tem na cor azul?",
    "date_created": "2026-11-16T14:05:00.100-04:00",
    "hold": False,
    "deleted_from_listing": False,
    "suspected_spam": False,
    "from": {"id": 700000002},
    "answer": {"text": "Temos sim!", "status": "ACTIVE", "date_created": "2026-11-16T14:20:00.200-04:00"},
}
BY_ID = {**FOUND, "buyer_id": 700000002, "app_id": None, "last_updated": "2026-11-16T18:30:00.000Z"}
ASKED = datetime(2026, 11, 17, tzinfo=UTC)


def test_a_searchs_question_carries_the_later_of_its_dates_and_when_it_was_asked() -> None:
    found = searched_question(FOUND, asked_at=ASKED)
    assert (found.updated_at, found.read_since) == (datetime(2026, 11, 16, 18, 20, 0, 200_000, UTC), ASKED)
    assert (found.buyer_id, found.answer and found.answer.text) == (700000002, "Temos sim!")
    unanswered = searched_question({**FOUND, "answer": None, "status": "UNANSWERED"}, asked_at=ASKED)
    assert unanswered.updated_at == datetime(2026, 11, 16, 18, 5, 0, 100_000, UTC)


def test_a_stamp_is_believed_wherever_it_comes_from() -> None:
    stamp = datetime(2026, 11, 16, 18, 30, tzinfo=UTC)
    for found in (read_question(BY_ID), searched_question(BY_ID, asked_at=ASKED)):
        assert (found.updated_at, found.read_since) == (stamp, None)


def test_a_banned_question_has_no_words_and_the_buyer_may_be_in_either_place() -> None:
    banned = {name: value for name, value in BY_ID.items() if name != "from"} | {"status": "BANNED", "text": ""}
    found = read_question(banned)
    assert (found.text, found.buyer_id) == ("", 700000002)


@pytest.mark.parametrize("lacking", ["id", "seller_id", "item_id", "status", "date_created"])
def test_what_a_question_needs(lacking: str) -> None:
    with pytest.raises(ValidationError):
        read_question({name: value for name, value in FOUND.items() if name != lacking})


@pytest.mark.parametrize("resource", ["/questions/13000000001", "questions/13000000001", "13000000001"])
def test_the_topic_points_at_a_question(resource: str) -> None:
    found = read_resource("questions", resource)
    assert found is not None
    assert (found.kind, found.path) == (KIND, "/questions/13000000001")


@pytest.mark.parametrize("resource", ["/questions/0", "/questions/1/../2", "/orders/1", "/questions/１"])
def test_what_is_no_question_is_not_fetched(resource: str) -> None:
    assert read_resource("questions", resource) is None


def test_a_refused_answer_does_not_repeat_its_words() -> None:
    with pytest.raises(ValidationError) as refused:
        AnswerRequest(text="segredo" * 300)
    assert "segredo" not in str(refused.value)
