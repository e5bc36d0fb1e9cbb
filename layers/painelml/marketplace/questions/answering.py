"""Answering a question: one answer, given once, and never sent a second time because the first one's end was not heard."""

from __future__ import annotations

from uuid import UUID

from pydantic import ValidationError

from painelml.core.db import tenant_session
from painelml.core.errors import NotFound, ServiceUnavailable
from painelml.core.observability import logger
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.service import working_account
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused, MarketplaceBusy, OutcomeUnknown, ResourceMissing, refusals_told
from painelml.marketplace.jobs import Refetch, refetch
from painelml.marketplace.ownership import checked
from painelml.marketplace.questions import queries
from painelml.marketplace.questions.models import UNANSWERED, Question, QuestionClosed, QuestionDocument, QuestionGone
from painelml.marketplace.questions.service import apply_questions, fetch_question, find_question


def answer_question(tenant_id: UUID, question_id: str, text: str) -> Question:
    """The question with its answer, as Mercado Livre has it.

    It is read first: what is answered already with these very words was answered by a request whose end nobody heard, and is
    done. Raises QuestionClosed, QuestionGone, OutcomeUnknown, and what refusals_told() and working_account() raise.
    """
    account = _account_of(tenant_id, question_id)
    api = SellerApi(account)
    with refusals_told():
        before = _read(api, question_id)
        if not _is_answered_with(before, text):
            if before.status != UNANSWERED:
                _write(account, before)
                raise QuestionClosed(question_status=before.status)
            _send(api, question_id, text)
    return _stored(account, question_id, text)


def _account_of(tenant_id: UUID, question_id: str) -> ConnectedAccount:
    with tenant_session(tenant_id) as session:
        row = queries.question(session, int(question_id))
        if row is None:
            raise NotFound
        return working_account(session, row["account_id"])


def _read(api: SellerApi, question_id: str) -> QuestionDocument:
    try:
        return checked(fetch_question(api, question_id), api.account)
    except ResourceMissing:
        raise QuestionGone from None
    except ValidationError:  # its text would show what people wrote
        raise MarketplaceBusy("an unreadable question") from None


def _send(api: SellerApi, question_id: str, text: str) -> None:
    try:
        api.post("/answers", {"question_id": int(question_id), "text": text})
    except OutcomeUnknown:
        found = _read_if_possible(api, question_id)
        if found is None or not _is_answered_with(found, text):
            _ask_again(api.account, question_id)
            raise
    except CallRefused as refused:
        if refused.says("invalid_question"):
            raise QuestionGone from None
        now_held = _read_if_possible(api, question_id) if refused.status == 400 else None
        if now_held is None or now_held.status == UNANSWERED:
            raise
        _write(api.account, now_held)
        raise QuestionClosed(question_status=now_held.status) from None


def _stored(account: ConnectedAccount, question_id: str, text: str) -> Question:
    """The answer is given: whatever fails from here on must not look as if it were not."""
    after = _read_if_possible(SellerApi(account), question_id)
    with tenant_session(account.tenant_id) as session:
        if after is not None and after.answer is not None:
            apply_questions(session, account, [after])
        else:
            queries.note_answer(session, int(question_id), text)
            _ask_again(account, question_id)
        return find_question(session, question_id)


def _read_if_possible(api: SellerApi, question_id: str) -> QuestionDocument | None:
    try:
        return checked(fetch_question(api, question_id), api.account)
    except (CallRefused, ServiceUnavailable, ValidationError) as unread:
        logger.info("question not read again", extra={"reason": getattr(unread, "code", "unreadable")})
        return None


def _write(account: ConnectedAccount, document: QuestionDocument) -> None:
    with tenant_session(account.tenant_id) as session:
        apply_questions(session, account, [document])


def _ask_again(account: ConnectedAccount, question_id: str) -> None:
    resource = f"/questions/{question_id}"
    job = Refetch(tenant_id=account.tenant_id, account_id=account.id, topic="questions", resource=resource)
    with tenant_session(account.tenant_id) as session:
        refetch(session, [job])


def _is_answered_with(document: QuestionDocument, text: str) -> bool:
    return document.answer is not None and document.answer.text.strip() == text
