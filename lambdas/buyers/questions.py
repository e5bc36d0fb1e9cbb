"""Questions before the sale, as they are in our tables, and answers, which go to Mercado Livre at once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.questions import answering
from painelml.marketplace.questions import service as questions
from painelml.marketplace.questions.models import AnswerRequest, Question

router = http_routes()

QuestionId = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,17}$", description="Mercado Livre's question id.")]
OfAccount = Annotated[UUID | None, Query(description="Only this account's.")]
OfStatus = Annotated[str | None, Query(pattern=r"^[A-Z_]{1,60}$", description="Only of this status, such as UNANSWERED.")]
OfItem = Annotated[str | None, Query(pattern=r"^[A-Z]{3}[0-9]{1,20}$", description="Only about this listing.")]


@router.get("/questions")
@permitted(Permission.READ_SALES)
def list_questions(
    limit: Limit = 50,
    cursor: Cursor = None,
    account_id: OfAccount = None,
    status: OfStatus = None,
    item_id: OfItem = None,
) -> Page[Question]:
    with tenant_session(current_tenant()) as session:
        return questions.list_questions(
            session, account_id=account_id, status=status, item_id=item_id, limit=limit, cursor=cursor
        )


@router.get("/questions/<question_id>")
@permitted(Permission.READ_SALES)
def read_question(question_id: QuestionId) -> Question:
    with tenant_session(current_tenant()) as session:
        return questions.find_question(session, question_id)


@router.post("/questions/<question_id>/answer")
@permitted(Permission.ANSWER_BUYERS)
def answer_question(question_id: QuestionId, body: AnswerRequest) -> Question:
    return answering.answer_question(current_tenant(), question_id, body.text)
