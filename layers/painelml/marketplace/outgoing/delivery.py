"""Sending one message to its buyer. A terminal refusal is written on the row and never raised: in a FIFO queue a message that
fails for good would hold back and drag away those that follow it (docs/decisions/0062)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import Row, tenant_session
from painelml.core.errors import PainelError, ServiceUnavailable
from painelml.core.observability import logger
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.service import working_account
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import AccountFrozen, CallRefused, MarketplaceBusy, OutcomeUnknown, ReconnectRequired
from painelml.marketplace.jobs import Refetch, refetch
from painelml.marketplace.messages.models import ConversationDocument
from painelml.marketplace.messages.service import TAG, fetch_conversations
from painelml.marketplace.outgoing import queries
from painelml.marketplace.outgoing.models import SendJob

MOST_RECEIVES = 5  # the queue's own (cdk_app/queues.py): after it, a message is given up
CLOCKS = timedelta(minutes=2)
AGENTS = {"MLB": 3037675074, "MLC": 3020819166, "MLA": 3037674934, "MLM": 3037204279, "MCO": 3037204123}
OTHER_AGENT = 3037204685


class NotYet(Exception):
    """It comes back to the queue, and keeps its place there."""


def deliver(job: SendJob, *, receives: int) -> None:
    """Raises NotYet where Mercado Livre cannot take it now; on the last receive that is a refusal as well."""
    try:
        found = _begun(job)
        if found is not None:
            _send(job, *found)
    except (MarketplaceBusy, NotYet) as busy:
        if receives < MOST_RECEIVES:
            raise NotYet from busy
        _settle(job, "refused", reason=getattr(busy, "code", "never_queued"))
    except (AccountFrozen, ReconnectRequired, CallRefused, ValidationError) as refused:
        _settle(job, "refused", reason=_reason(refused))


def _begun(job: SendJob) -> tuple[Row, ConnectedAccount, int | None] | None:
    with tenant_session(job.tenant_id) as session:
        row = queries.outgoing(session, job.outgoing_id)
        if row is None:
            raise NotYet  # it was queued before its row was committed
        if row["status"] not in ("queued", "sending"):
            return None
        place = queries.place(session, row["pack_id"])
        return row, working_account(session, row["account_id"]), place["buyer_id"] if place else None


def _send(job: SendJob, row: Row, account: ConnectedAccount, buyer_id: int | None) -> None:
    api = SellerApi(account)
    [conversation] = fetch_conversations(api, [row["pack_id"]])
    if row["status"] == "sending":
        return _look_up(job, row, account, conversation)
    if conversation.status == "blocked":
        return _settle(job, "refused", reason=conversation.substatus or "blocked")
    counterpart = _counterpart(conversation, account, buyer_id)
    with tenant_session(job.tenant_id) as session:
        if not queries.begin(session, job.outgoing_id):
            return None
    body = {
        "from": {"user_id": account.seller_id},
        "to": {"user_id": counterpart},
        "text": row["text"],
        "attachments": row["attachments"],
    }
    try:
        answer = api.post(f"/messages{conversation.path}", body, tag=TAG)
    except MarketplaceBusy:
        with tenant_session(job.tenant_id) as session:
            queries.put_back(session, job.outgoing_id)
        raise
    except OutcomeUnknown:
        return _look_up(job, row, account, _conversation_or_none(api, row["pack_id"]))
    _sent(job, account, str(answer.document["id"]))
    return None


def _look_up(job: SendJob, row: Row, account: ConnectedAccount, conversation: ConversationDocument | None) -> None:
    """Whether it arrived, after a call whose end nobody heard. Never sent again: what is not there is told as unknown."""
    since = row["created_at"] - CLOCKS
    messages = conversation.messages if conversation else []
    ours = (one for one in messages if one.sender_id == account.seller_id and one.text == row["text"])
    arrived = next((one.id for one in ours if one.date_created >= since), None)
    if arrived:
        _sent(job, account, arrived)
    else:
        _settle(job, "unknown", reason=OutcomeUnknown.code)


def _conversation_or_none(api: SellerApi, pack_id: int) -> ConversationDocument | None:
    try:
        return fetch_conversations(api, [pack_id])[0]
    except (CallRefused, ServiceUnavailable, ValidationError) as unread:
        logger.info("conversation not read again", extra={"reason": getattr(unread, "code", "unreadable")})
        return None


def _counterpart(conversation: ConversationDocument, account: ConnectedAccount, buyer_id: int | None) -> int:
    """Whom to write to: the agent in between where the conversation's path has one, else whoever wrote, else the buyer."""
    if "/conversations/" in conversation.path:
        return AGENTS.get(account.site_id, OTHER_AGENT)
    theirs = (one.sender_id for one in conversation.messages if one.sender_id != account.seller_id)
    counterpart = next(theirs, buyer_id)
    if counterpart is None:
        raise CallRefused(404, "buyer_unknown")
    return counterpart


def _sent(job: SendJob, account: ConnectedAccount, message_id: str) -> None:
    _settle(job, "sent", message_id=message_id)
    again = Refetch(tenant_id=job.tenant_id, account_id=account.id, topic="messages", resource=f"/messages/{message_id}")
    with tenant_session(job.tenant_id) as session:
        refetch(session, [again])


def _settle(job: SendJob, status: str, *, reason: str | None = None, message_id: str | None = None) -> None:
    with tenant_session(job.tenant_id) as session:
        queries.settle(session, job.outgoing_id, status=status, reason=reason, message_id=message_id, moment=now())


def _reason(refused: Exception) -> str:
    """The most telling code: messages answer `forbidden` and say the rest in the place of prose."""
    if isinstance(refused, CallRefused):
        return next((code for code in (*refused.causes, refused.code) if code != "forbidden"), refused.code)[:120]
    return refused.code if isinstance(refused, PainelError) else "unreadable"
