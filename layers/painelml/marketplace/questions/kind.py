"""Questions, for notifications and syncs."""

from __future__ import annotations

from painelml.marketplace.kinds import NUMBER, Kind, pointing
from painelml.marketplace.questions.models import QuestionDocument
from painelml.marketplace.questions.service import apply_questions, fetch_question

KIND: Kind[QuestionDocument] = Kind(
    name="question",
    path="/questions/{id}",
    topics={"questions": pointing(f"(?:questions/)?({NUMBER})")},  # for the question and for its answer
    fetch=fetch_question,
    apply=apply_questions,
)
