"""What tenants read of buyers' questions, and the one way a question gets into the table. Answering is in answering.py."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, newest_first, page_of
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.ownership import checked
from painelml.marketplace.questions import queries
from painelml.marketplace.questions.models import Answer, Question, QuestionDocument, read_question

LAST_ID = 2**63 - 1
API_VERSION = 4


def list_questions(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    item_id: str | None,
    limit: int,
    cursor: str | None,
) -> Page[Question]:
    """Newest first."""
    before = newest_first(cursor, int, LAST_ID)
    rows = queries.questions(session, account_id=account_id, status=status, item_id=item_id, before=before, limit=limit)
    return page_of([_question(row) for row in rows], limit, key=lambda question: (question.created_at, question.id))


def find_question(session: TenantSession, question_id: str) -> Question:
    row = queries.question(session, int(question_id))
    if row is None:
        raise NotFound
    return _question(row)


def fetch_question(api: SellerApi, question_id: str) -> QuestionDocument:
    """One question as Mercado Livre has it now."""
    return read_question(api.get(f"/questions/{question_id}", api_version=API_VERSION).document)


def apply_questions(session: TenantSession, account: ConnectedAccount, questions: Sequence[QuestionDocument]) -> list[int]:
    """Writes questions that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's."""
    owned = [checked(question, account) for question in questions]
    return queries.upsert_questions(session, account.id, owned, moment=now())


def _question(row: Row) -> Question:
    answer = None
    if row["answer_text"] is not None:
        answer = Answer(text=row["answer_text"], status=row["answer_status"], created_at=row["answered_at"])
    return Question(
        id=str(row["id"]),
        account_id=row["account_id"],
        item_id=row["item_id"],
        buyer_id=None if row["buyer_id"] is None else str(row["buyer_id"]),
        status=row["status"],
        text=row["text"],
        answer=answer,
        on_hold=row["on_hold"],
        deleted_from_listing=row["deleted_from_listing"],
        created_at=row["date_created"],
        updated_at=row["source_updated_at"],
    )
