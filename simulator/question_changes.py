"""What happens to questions: asked, answered, moderated, deleted, and forgotten after seven months."""

import random
from typing import Any

from .clock import DAY
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator
from .model import Item
from .phrases import QUESTIONS
from .seed import dice
from .state import World
from .talk_model import Question

STATUSES = ("UNANSWERED", "ANSWERED", "CLOSED_UNANSWERED", "UNDER_REVIEW", "BANNED", "DELETED", "DISABLED")
ANSWER_STATUSES = ("ACTIVE", "DISABLED", "BANNED")
# "Unanswered for more than 7 months are deleted": calendar months differ, so seven of the shortest usual length.
UNANSWERED_LIFE = 7 * 30 * DAY
TEXT_LIMIT = 2_000
# What an action of the control API makes of the status.
ACTIONS = {
    "ban": "BANNED",
    "review": "UNDER_REVIEW",
    "delete": "DELETED",
    "disable": "DISABLED",
    "close": "CLOSED_UNANSWERED",
}


def purge(world: World, questions: list[Question]) -> None:
    """Forget those that nobody answered in time."""
    oldest = world.clock.now_ms() - UNANSWERED_LIFE
    for question in questions:
        if question.status == "UNANSWERED" and question.date_created < oldest:
            world.desk.drop_question(question)


def live_question(world: World, question_id: int) -> Question | None:
    """The question, unless it was purged or its announcement ran ahead of it."""
    question = world.desk.questions.get(question_id)
    if question is None or world.is_hidden(question_id):
        return None
    purge(world, [question])
    return world.desk.questions.get(question_id)


def new_question(world: World, item: Item, moment: int, roll: random.Random, text: str | None = None) -> Question:
    """An unanswered question about an item, not kept yet."""
    return Question(
        id=world.next_number("question"),
        item_id=item.id,
        seller_id=item.seller_id,
        buyer_id=world.next_number("buyer"),
        status="UNANSWERED",
        text=text or roll.choice(QUESTIONS),
        date_created=moment,
        last_updated=moment,
    )


def ask(sim: Simulator, seller_id: int, count: int = 1, wish: dict[str, Any] | None = None) -> list[Question]:
    """Buyers ask now, unannounced; `wish` may name `item_id`, `buyer_id` and `text`."""
    wish, world = wish or {}, sim.world
    items = [item for item in world.seller_items(seller_id) if wish.get("item_id") in (None, item.id)]
    if not items:
        raise bad_request("the seller has no such item to ask about")
    text, buyer_id = wish.get("text"), wish.get("buyer_id")
    if text is not None and (not isinstance(text, str) or not text or len(text) > TEXT_LIMIT):
        raise bad_request(f"text must have from 1 to {TEXT_LIMIT} characters")
    if buyer_id is not None and not isinstance(buyer_id, int):
        raise bad_request("buyer_id must be a number")
    now = world.clock.now_ms()
    roll = dice(world.seed, "asked", seller_id, len(world.desk.questions_of.get(seller_id, ())))
    questions = [new_question(world, roll.choice(items), now, roll, text) for _ in range(count)]
    for question in questions:
        question.buyer_id = buyer_id or question.buyer_id
        world.desk.save_question(question)
        world.hide(question.id)
    return questions


def answer_question(sim: Simulator, question: Question, text: str, client_id: str | None = None) -> None:
    """Put the seller's answer under the question. The caller has checked that there may be one."""
    question.answer_text, question.answer_status, question.answer_app = text, "ACTIVE", client_id
    question.answer_date = touch(sim, question)
    question.status = "ANSWERED"
    sim.world.desk.save_question(question)


def change_question(sim: Simulator, question_id: int, values: dict[str, Any]) -> Question:
    """One action of the control API; raises where it makes no sense."""
    question = live_question(sim.world, question_id)
    if question is None:
        raise not_found("there is no such question")
    action = values.get("action")
    if action == "answer":
        text = values.get("text")
        if not isinstance(text, str) or not 0 < len(text) <= TEXT_LIMIT:
            raise bad_request(f"an answer needs a text of at most {TEXT_LIMIT} characters")
        if question.status != "UNANSWERED":
            raise ApiError(409, "invalid_transition", f"cannot answer a question that is {question.status}")
        answer_question(sim, question, text)
        return question
    if action in ACTIONS:
        question.status = ACTIONS[action]
    elif action == "answer_status" and values.get("status") in ANSWER_STATUSES and question.answer_text is not None:
        question.answer_status = values["status"]
    elif action in ("hold", "suspect", "delist"):
        setattr(question, {"hold": "hold", "suspect": "suspected_spam", "delist": "deleted_from_listing"}[action], True)
    elif action != "touch":
        names = ", ".join(("answer", *ACTIONS, "answer_status", "hold", "suspect", "delist", "touch"))
        raise bad_request(f"action must be one of {names}; answer_status needs an answer and a status")
    touch(sim, question)
    sim.world.desk.save_question(question)
    return question


def touch(sim: Simulator, question: Question) -> int:
    """Move the update stamp forward, never back; the new stamp."""
    question.last_updated = max(sim.world.clock.now_ms(), question.last_updated + 1)
    return question.last_updated


def announce_question(sim: Simulator, question: Question, after_ms: int = 0) -> list[str]:
    """The same resource for the question and for its answer."""
    return sim.outbox.announce(question.seller_id, "questions", f"/questions/{question.id}", after_ms)
