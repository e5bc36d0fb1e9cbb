"""Questions: as clients see them, and as Mercado Livre tells of them (always `api_version=4`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from painelml.core.errors import Conflict, Text
from painelml.core.fields import Order
from painelml.core.wire import Moment
from painelml.marketplace.documents import Document, either, with_raw

UNANSWERED = "UNANSWERED"
ANSWERED = "ANSWERED"
LONGEST_ANSWER = 2000


class Answer(BaseModel):
    """The seller's answer. `created_at` is null until Mercado Livre has told it."""

    text: str
    status: str
    created_at: Moment | None


class Question(BaseModel):
    """A question. `status` is Mercado Livre's: UNANSWERED, ANSWERED, CLOSED_UNANSWERED, UNDER_REVIEW, BANNED, DELETED,
    DISABLED.

    `text` is what was read first: Mercado Livre takes the words of what it bans away.
    """

    id: str
    account_id: UUID
    item_id: str
    buyer_id: str | None
    status: str
    text: str
    answer: Answer | None
    on_hold: bool
    deleted_from_listing: bool
    created_at: Moment
    updated_at: Moment


class AnswerRequest(Order):
    """The answer that buyers will read. There is one for each question, and it cannot be changed."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_ANSWER)]


class QuestionClosed(Conflict):
    """A question is answered once, and only while it is open."""

    code = "question_not_open"
    title: ClassVar[Text] = {"pt-BR": "Pergunta já encerrada", "en": "Question not open"}
    detail: ClassVar[Text] = {
        "pt-BR": "A pergunta está {question_status} e não aceita resposta. Nada foi enviado.",
        "en": "The question is {question_status} and takes no answer. Nothing was sent.",
    }


class QuestionGone(Conflict):
    """Mercado Livre deletes what nobody answered for seven months."""

    code = "question_gone"
    title: ClassVar[Text] = {"pt-BR": "Pergunta removida", "en": "Question removed"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre não tem mais esta pergunta. Nada foi enviado.",
        "en": "Mercado Livre no longer has this question. Nothing was sent.",
    }


class AnswerDocument(Document):
    """The field `answer` of a question."""

    text: str = ""
    status: str = "ACTIVE"
    date_created: AwareDatetime | None = None


class QuestionDocument(Document):
    """GET /questions/{id}, and an entry of /questions/search, which has no `last_updated`.

    `read_since` is given to what a search showed: our clock before it was asked, by which it is told from older news.
    """

    id: int
    seller_id: int
    item_id: str
    status: str
    text: str = ""
    buyer_id: int | None = Field(None, validation_alias=either("from.id", "buyer_id"))
    answer: AnswerDocument | None = None
    on_hold: bool = Field(False, validation_alias="hold")
    deleted_from_listing: bool = False
    date_created: AwareDatetime
    last_updated: AwareDatetime | None = None
    read_since: AwareDatetime | None = None
    raw: dict[str, Any]

    @property
    def last_said(self) -> datetime:
        """The later of the question's and the answer's dates."""
        answered = self.answer.date_created if self.answer else None
        return max(self.date_created, answered) if answered else self.date_created

    @property
    def updated_at(self) -> datetime:
        """Mercado Livre's own stamp where the document has it, else when something was last said."""
        return self.last_updated or self.last_said

    @property
    def answered_at(self) -> datetime | None:
        return self.answer.date_created if self.answer else None


def read_question(document: dict[str, Any]) -> QuestionDocument:
    """Raises pydantic.ValidationError for a document without what a question needs."""
    return QuestionDocument.model_validate(with_raw(document))


def searched_question(document: dict[str, Any], *, asked_at: datetime) -> QuestionDocument:
    """An entry of a search that was asked at `asked_at`; raises as read_question()."""
    found = read_question(document)
    return found if found.last_updated else found.model_copy(update={"read_since": asked_at})
