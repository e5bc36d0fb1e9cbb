"""`POST /answers`: the seller's one answer to a question."""

from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, bad_request, forbidden
from .gateway import Simulator, answer, authenticate, json_body
from .question_changes import TEXT_LIMIT, announce_question, answer_question, live_question
from .questions import question_document


async def post_answer(sim: Simulator, request: Request) -> Response:
    """`{"question_id": int, "text": "…"}`, at most 2,000 characters of UTF-8; announces the question again."""
    token = authenticate(sim, request)
    try:
        body = await json_body(request)
    except (ApiError, UnicodeDecodeError) as error:
        raise bad_request("the body is not a JSON object in UTF-8", "invalid_post_body") from error
    question_id, text = body.get("question_id"), body.get("text")
    if isinstance(question_id, bool) or not isinstance(question_id, int) or not isinstance(text, str) or not text.strip():
        raise bad_request("question_id must be a number and text must not be empty", "invalid_post_body")
    if len(text) > TEXT_LIMIT:
        raise bad_request(f"text must not exceed {TEXT_LIMIT} characters", "invalid_post_body")
    question = live_question(sim.world, question_id)
    if question is None:
        raise bad_request(f"Question {question_id} does not exist", "invalid_question")
    if question.seller_id != token.user_id:
        raise forbidden("the caller is not the seller of this question")
    again = question.status == "ANSWERED" and not sim.world.chaos.one_answer_per_question
    if question.status != "UNANSWERED" and not again:
        raise bad_request(f"The question is {question.status}", "not_unanswered_question")
    answer_question(sim, question, text, token.client_id)
    announce_question(sim, question)
    return answer(question_document(question))
