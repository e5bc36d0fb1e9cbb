"""The control API for questions: ask as a buyer, and do what the site or a moderator does."""

from starlette.requests import Request
from starlette.responses import Response

from .control_sales import known_seller
from .gateway import Simulator, answer, json_body
from .question_changes import announce_question, ask, change_question
from .questions import question_document


async def post_question(sim: Simulator, request: Request) -> Response:
    """`{seller_id, item_id?, buyer_id?, text?, announce?: false}`: a buyer asks."""
    body = await json_body(request)
    question = ask(sim, known_seller(sim, body.get("seller_id")), 1, body)[0]
    announced = announce_question(sim, question) if body.get("announce", True) else []
    return answer({"question_id": question.id, "announced": announced, "question": question_document(question)}, 201)


async def post_question_change(sim: Simulator, request: Request) -> Response:
    """`{"action": "answer" | "ban" | …}`, announced unless `announce` is false."""
    body = await json_body(request)
    question = change_question(sim, request.path_params["question_id"], body)
    announced = announce_question(sim, question) if body.get("announce", True) else []
    return answer({"question_id": question.id, "announced": announced, "question": question_document(question)})
