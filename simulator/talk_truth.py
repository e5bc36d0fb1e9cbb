"""What really exists of questions, messages, claims, returns and bills: what a mirror is compared with."""

from collections import Counter, defaultdict
from typing import Any

from . import billing_periods as periods
from .books import Entry
from .clock import utc_text
from .question_changes import purge
from .state import World


def talk_truth(world: World, seller_id: int, *, with_ids: bool) -> dict[str, Any]:
    """Counts and sums of one seller; with ids also each record with its state and update stamp."""
    desk = world.desk
    purge(world, desk.seller_questions(seller_id))
    questions, messages, claims = (
        desk.seller_questions(seller_id),
        desk.seller_messages(seller_id),
        desk.seller_claims(seller_id),
    )
    returns = [desk.returns[claim.id] for claim in claims if claim.id in desk.returns]
    body: dict[str, dict[str, Any]] = {
        "questions": {
            "total": len(questions),
            "by_status": Counter(one.status for one in questions),
            "answers": sum(one.answer_text is not None for one in questions),
        },
        "messages": {
            "total": len(messages),
            "unread": sum(one.sender == "buyer" and one.read is None for one in messages),
            "conversations": len({one.pack_id for one in messages}),
        },
        "claims": {
            "total": len(claims),
            "by_status": Counter(one.status for one in claims),
            "by_stage": Counter(one.stage for one in claims),
        },
        "returns": {"total": len(returns), "by_status": Counter(one.status for one in returns)},
        "billing": _billing(world, seller_id, with_ids=with_ids),
    }
    if with_ids:
        body["questions"]["by_id"] = {
            str(one.id): {
                "status": one.status,
                "item_id": one.item_id,
                "answered": one.answer_text is not None,
                "last_updated": utc_text(one.last_updated),
            }
            for one in questions
        }
        body["messages"]["by_id"] = {
            one.id: {
                "pack_id": one.pack_id,
                "sender": one.sender,
                "moderation": one.moderation,
                "created": utc_text(one.created),
                "read": utc_text(one.read) if one.read else None,
            }
            for one in messages
        }
        body["claims"]["by_id"] = {
            str(one.id): {
                "status": one.status,
                "stage": one.stage,
                "type": one.type,
                "order_id": one.order_id,
                "messages": len(one.messages),
                "last_updated": utc_text(one.last_updated),
            }
            for one in claims
        }
        body["returns"]["by_id"] = {
            str(one.id): {
                "claim_id": one.claim_id,
                "status": one.status,
                "status_money": one.status_money,
                "last_updated": utc_text(one.last_updated),
            }
            for one in returns
        }
    return body


def _billing(world: World, seller_id: int, *, with_ids: bool) -> dict[str, Any]:
    """Cents by period, group, stream and sub-type, each period under its own first day."""
    entries = world.books.of_seller(world, seller_id)
    now = world.clock.now_ms()
    sums: dict[str, dict[str, dict[str, dict[str, int]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    )
    for entry in entries:
        sums[entry.period][entry.group][entry.stream][entry.sub_type] += entry.amount
    known = periods.since(periods.period_of(world.books.accounts[seller_id].since), now)
    site = world.sellers[seller_id].site_id
    body: dict[str, Any] = {
        "total": len(entries),
        "periods": {
            period: {
                "key": periods.key_of(period, site),
                "status": "CLOSED" if periods.is_closed(period, now) else "OPEN",
                "cents": sums[period],
            }
            for period in known
        },
    }
    return body | ({"by_id": {str(entry.id): _entry(entry) for entry in entries}} if with_ids else {})


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "period": entry.period,
        "group": entry.group,
        "document_type": entry.stream,
        "detail_type": entry.detail_type,
        "detail_sub_type": entry.sub_type,
        "amount_cents": entry.amount,
        "order_id": entry.order_id,
        "created": utc_text(entry.created),
    }
