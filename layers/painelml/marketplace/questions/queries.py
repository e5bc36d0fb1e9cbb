"""All SQL of questions. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.questions.models import ANSWERED, UNANSWERED, QuestionDocument


def upsert_questions(
    session: TenantSession, account_id: UUID, questions: Iterable[QuestionDocument], *, moment: datetime
) -> list[int]:
    """Writes what is at least as new as what is held, in one statement; the ids that were written.

    A document of a search has no update stamp: it counts as newer if it was asked for after the row was written, and nothing
    that was said is missing in it (docs/decisions/0060). The words of what was banned are kept.
    """
    newest = {question.id: question for question in sorted(questions, key=lambda question: question.updated_at)}
    fresh = [newest[question_id] for question_id in sorted(newest)]  # one order for all writers, so that they cannot deadlock
    if not fresh:
        return []
    written = session.rows(
        """
        insert into app.questions as held
            (tenant_id, id, account_id, item_id, buyer_id, status, text, answer_text, answer_status, answered_at, on_hold,
             deleted_from_listing, date_created, source_updated_at, stamped, synced_at, raw)
        select %(tenant_id)s, id, %(account_id)s, item_id, buyer_id, status, text, answer_text, answer_status, answered_at,
               on_hold, deleted_from_listing, date_created, updated_at, read_since is null,
               coalesce(read_since, %(moment)s), raw
        from unnest(
            %(id)s::bigint[], %(item_id)s::text[], %(buyer_id)s::bigint[], %(status)s::text[], %(text)s::text[],
            %(answer_text)s::text[], %(answer_status)s::text[], %(answered_at)s::timestamptz[], %(on_hold)s::boolean[],
            %(deleted_from_listing)s::boolean[], %(date_created)s::timestamptz[], %(updated_at)s::timestamptz[],
            %(read_since)s::timestamptz[], %(raw)s::jsonb[]
        ) as fresh (id, item_id, buyer_id, status, text, answer_text, answer_status, answered_at, on_hold,
                    deleted_from_listing, date_created, updated_at, read_since, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, item_id = excluded.item_id,
            buyer_id = coalesce(excluded.buyer_id, held.buyer_id), status = excluded.status,
            text = case when excluded.text = '' then held.text else excluded.text end,
            answer_text = case when excluded.answer_text = '' then coalesce(held.answer_text, '')
                               else excluded.answer_text end,
            answer_status = excluded.answer_status, answered_at = excluded.answered_at, on_hold = excluded.on_hold,
            deleted_from_listing = excluded.deleted_from_listing, date_created = excluded.date_created,
            source_updated_at = greatest(held.source_updated_at, excluded.source_updated_at),
            stamped = held.stamped or excluded.stamped, synced_at = %(moment)s, raw = held.raw || excluded.raw
        where case
            when excluded.stamped then excluded.source_updated_at >= held.source_updated_at
            else excluded.synced_at > held.synced_at
                 and excluded.source_updated_at >= greatest(held.date_created, held.answered_at)
        end
        returning id
        """,
        account_id=account_id,
        moment=moment,
        id=[question.id for question in fresh],
        item_id=[question.item_id for question in fresh],
        buyer_id=[question.buyer_id for question in fresh],
        status=[question.status for question in fresh],
        text=[question.text for question in fresh],
        answer_text=[question.answer.text if question.answer else None for question in fresh],
        answer_status=[question.answer.status if question.answer else None for question in fresh],
        answered_at=[question.answered_at for question in fresh],
        on_hold=[question.on_hold for question in fresh],
        deleted_from_listing=[question.deleted_from_listing for question in fresh],
        date_created=[question.date_created for question in fresh],
        updated_at=[question.updated_at for question in fresh],
        read_since=[question.read_since for question in fresh],
        raw=[json.dumps(question.raw) for question in fresh],
    )
    return [row["id"] for row in written]


def note_answer(session: TenantSession, question_id: int, text: str) -> None:
    """What Mercado Livre has accepted and could not be read again yet. The stamp stays, so that the read is newer."""
    session.execute(
        """
        update app.questions set status = %(answered)s, answer_text = %(text)s, answer_status = 'ACTIVE'
        where tenant_id = %(tenant_id)s and id = %(question_id)s and status = %(unanswered)s
        """,
        question_id=question_id,
        text=text,
        answered=ANSWERED,
        unanswered=UNANSWERED,
    )


def questions(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    item_id: str | None,
    before: tuple[str, int],
    limit: int,
) -> list[Row]:
    return session.rows(
        """
        select id, account_id, item_id, buyer_id, status, text, answer_text, answer_status, answered_at, on_hold,
               deleted_from_listing, date_created, source_updated_at
        from app.questions
        where tenant_id = %(tenant_id)s and (date_created, id) < (%(before)s::timestamptz, %(before_id)s)
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(status)s::text is null or status = %(status)s)
          and (%(item_id)s::text is null or item_id = %(item_id)s)
        order by date_created desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        status=status,
        item_id=item_id,
        before=before[0],
        before_id=before[1],
        limit=limit + MORE,
    )


def question(session: TenantSession, question_id: int) -> Row | None:
    return session.one(
        """
        select id, account_id, item_id, buyer_id, status, text, answer_text, answer_status, answered_at, on_hold,
               deleted_from_listing, date_created, source_updated_at
        from app.questions where tenant_id = %(tenant_id)s and id = %(question_id)s
        """,
        question_id=question_id,
    )
