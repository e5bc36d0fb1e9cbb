"""Questions of buyers before the sale: searching them, scanning past the wall, reading one, hiding, deleting."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, MINUTE, offset_text, utc_text
from .errors import bad_request, forbidden, not_found
from .gateway import Simulator, answer, authenticate, json_body, own_user, whole_number
from .model import Application
from .question_changes import STATUSES, announce_question, live_question, purge, touch
from .talk_model import Question

PAGE = 50
OFFSET_WALL = 1_000
API_VERSION = "4"
RESPONSE_WINDOW = 14 * DAY
SORT_KEYS: dict[str, Callable[[Question], Any]] = {
    "item_id": lambda question: question.item_id,
    "seller_id": lambda question: question.seller_id,
    "from_id": lambda question: question.buyer_id,
    "date_created": lambda question: question.date_created,
}
Filter = Callable[[Question], bool]


async def search(sim: Simulator, request: Request) -> Response:
    """`GET /questions/search?seller_id=|item=`: another seller's questions are not shown."""
    token = authenticate(sim, request)
    seller_id, item_id = request.query_params.get("seller_id"), request.query_params.get("item")
    if not seller_id and not item_id:
        raise bad_request("seller_id or item is required", "invalid_query")
    item = sim.world.items.get(item_id or "")
    if seller_id not in (None, "", str(token.user_id)) or (item is not None and item.seller_id != token.user_id):
        raise forbidden("the caller is not the seller of these questions")
    return _found(sim, request, token.user_id, lambda _: True)


async def received(sim: Simulator, request: Request) -> Response:
    """`GET /my/received_questions/search`: the same for the caller, without what was hidden."""
    token = authenticate(sim, request)
    return _found(sim, request, token.user_id, lambda question: not question.hidden)


def _found(sim: Simulator, request: Request, seller_id: int, shown: Filter) -> Response:
    query, now = request.query_params, sim.world.clock.now_ms()
    limit, offset = min(whole_number(request, "limit", PAGE), PAGE), whole_number(request, "offset", 0)
    sorts = _sorts(request)
    scan = "scan" in (query.get("search_type"), query.get("searchtype"))
    scroll_id = query.get("scroll_id")
    matching = [] if scroll_id else [question for question in _matching(sim, request, seller_id) if shown(question)]
    for name, direction in reversed(sorts):
        matching.sort(key=SORT_KEYS[name], reverse=direction == "DESC")
    body: dict[str, Any] = {"total": len(matching), "limit": limit}
    if scan:
        ids = [str(question.id) for question in matching]
        page, following = (
            sim.scrolls.resume(scroll_id, seller_id, now)
            if scroll_id
            else sim.scrolls.start(seller_id, ids, max(limit, 1), now)
        )
        questions = sim.world.desk.questions
        found = [questions[int(question_id)] for question_id in page if int(question_id) in questions]
        body |= {"scroll_id": following, "total": len(sim.world.desk.questions_of.get(seller_id, ()))}
    else:
        if offset + limit > OFFSET_WALL:
            raise bad_request(f"offset + limit must not exceed {OFFSET_WALL}: use search_type=scan", "invalid_offset")
        found = matching[offset : offset + limit]
    filters = {"limit": limit, "offset": offset, "api_version": API_VERSION, "caller": seller_id}
    filters["sorts"] = [{"field": name, "type": direction} for name, direction in sorts]
    documents = {"questions": [question_document(question) for question in found], "filters": filters}
    return answer(body | documents | {"available_filters": [], "available_sorts": list(SORT_KEYS)})


def _sorts(request: Request) -> list[tuple[str, str]]:
    """Fields and directions by position; a direction left out is ascending."""
    names = [name for name in request.query_params.get("sort_fields", "").split(",") if name]
    directions = [word.upper() for word in request.query_params.get("sort_types", "").split(",") if word]
    if not set(names) <= set(SORT_KEYS) or not set(directions) <= {"ASC", "DESC"}:
        raise bad_request("sort_fields or sort_types is not valid", "invalid_sort")
    return list(zip(names, directions + ["ASC"] * len(names), strict=False))


def _matching(sim: Simulator, request: Request, seller_id: int) -> list[Question]:
    query, world = request.query_params, sim.world
    purge(world, world.desk.seller_questions(seller_id))
    found = [question for question in world.desk.seller_questions(seller_id) if not world.is_hidden(question.id)]
    if status := query.get("status"):
        if status not in STATUSES:
            raise bad_request(f"invalid status: {status}", "invalid_status")
        found = [question for question in found if question.status == status]
    if item_id := query.get("item"):
        found = [question for question in found if question.item_id == item_id]
    if buyer_id := query.get("from"):
        found = [question for question in found if str(question.buyer_id) == buyer_id]
    return found


async def question(sim: Simulator, request: Request) -> Response:
    """`GET /questions/{id}?api_version=4`: the search's document and three fields more."""
    found = _owned(sim, request)
    reader: Application | None = sim.world.apps.get(found.answer_app or "")
    more = {
        "buyer_id": found.buyer_id,
        "app_id": reader.number if reader else None,
        "last_updated": utc_text(found.last_updated),
    }
    return answer(question_document(found) | more)


async def delete(sim: Simulator, request: Request) -> Response:
    """`DELETE /questions/{id}`: it stays readable, as DELETED."""
    found = _owned(sim, request)
    found.status = "DELETED"
    touch(sim, found)
    sim.world.desk.save_question(found)
    announce_question(sim, found)
    return answer(question_document(found))


async def hide(sim: Simulator, request: Request) -> Response:
    """`POST /my/questions/hidden`: out of the seller's own list; the question itself does not change."""
    token, body = authenticate(sim, request), await json_body(request)
    found = live_question(sim.world, body["question_id"]) if isinstance(body.get("question_id"), int) else None
    if found is None or found.seller_id != token.user_id:
        raise bad_request("question_id is not one of the caller's questions", "invalid_question")
    found.hidden = True
    sim.world.desk.save_question(found)
    return answer({"question_id": found.id, "hidden": True})


async def response_time(sim: Simulator, request: Request) -> Response:
    """`GET /users/{id}/questions/response_time`: minutes until an answer, over the last two weeks; 404 without data."""
    user_id = own_user(sim, request)
    since = sim.world.clock.now_ms() - RESPONSE_WINDOW
    waits = [
        (question.answer_date - question.date_created) / MINUTE
        for question in sim.world.desk.seller_questions(user_id)
        if question.answer_date is not None and question.date_created >= since
    ]
    if not waits:
        raise not_found("there is no response time for this user")
    return answer({"user_id": user_id, "total": {"response_time": round(sum(waits) / len(waits))}})


def _owned(sim: Simulator, request: Request) -> Question:
    token, text = authenticate(sim, request), request.path_params["question_id"]
    found = live_question(sim.world, int(text)) if text.isdecimal() else None
    if found is None:
        raise not_found(f"Question {text} not found", "question_not_found")
    if found.seller_id != token.user_id:
        raise forbidden("the caller is not the seller of this question")
    return found


def question_document(question: Question) -> dict[str, Any]:
    """The question as a search prints it. What is banned has lost its words."""
    return {
        "id": question.id,
        "item_id": question.item_id,
        "seller_id": question.seller_id,
        "status": question.status,
        "text": "" if question.status == "BANNED" else question.text,
        "date_created": offset_text(question.date_created),
        "hold": question.hold,
        "deleted_from_listing": question.deleted_from_listing,
        "suspected_spam": question.suspected_spam,
        "from": {"id": question.buyer_id},
        "answer": _answer_document(question),
    }


def _answer_document(question: Question) -> dict[str, Any] | None:
    if question.answer_text is None or question.answer_date is None:
        return None
    return {
        "text": "" if question.answer_status == "BANNED" else question.answer_text,
        "status": question.answer_status,
        "date_created": offset_text(question.answer_date),
    }
