"""Questions, by a scan: their search has no date filter and ends at 1,000 by offset.

All of them once a day, because nothing else tells of a change whose notification was lost; those that wait for an answer every
half hour, because a buyer waits too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from painelml.core.clock import now
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.questions.models import UNANSWERED, QuestionDocument, searched_question
from painelml.marketplace.questions.service import API_VERSION, apply_questions
from painelml.sync.models import Counters, PageDone
from painelml.sync.scopes import scan
from painelml.sync.scopes.spec import ScopeSpec, readable

SCAN_LIMIT = 50
WHOLE_EVERY = timedelta(hours=23)  # a little less than a day, so that it comes at about the same hour


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:  # noqa: ARG001 - a scan is always whole
    """`newest` is when the last run that read all of them began."""
    moment = now()
    if newest is not None and moment - newest < WHOLE_EVERY:
        return {**scan.BEGINNING, "status": UNANSWERED, "newest": newest.isoformat()}
    return {**scan.BEGINNING, "status": None, "newest": moment.isoformat()}


def questions_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[QuestionDocument], PageDone]:
    """Fifty of the scan. One that expired (five minutes) starts again."""
    asked_at = now()
    where: dict[str, str | int] = {"seller_id": api.account.seller_id, "api_version": API_VERSION, "limit": SCAN_LIMIT}
    if cursor["status"]:
        where["status"] = cursor["status"]
    answer = scan.page(api, "/questions/search", cursor, first={}, **where)
    if answer is None:
        return [], scan.restarted(cursor)
    questions, errors = readable(answer["questions"], partial(searched_question, asked_at=asked_at), "question")
    following = scan.following(answer, answer["questions"])
    done = PageDone(
        cursor={**cursor, "scroll_id": following},
        processed=Counters(questions=len(questions)),
        errors=errors,
        finished=following is None,
    )
    return questions, done


SPEC = ScopeSpec(first_cursor, questions_page, apply_questions)
