"""Taking a seller's message: nothing is queued that Mercado Livre would not take."""

from __future__ import annotations

from uuid import UUID

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.config import config
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.errors import NotFound
from painelml.core.ids import uuid7
from painelml.core.queues import send_in_order
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.service import working_account
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import MarketplaceBusy, ResourceMissing, refusals_told
from painelml.marketplace.messages.models import ConversationDocument
from painelml.marketplace.messages.service import apply_conversations, fetch_conversations
from painelml.marketplace.outgoing import guard, queries
from painelml.marketplace.outgoing.models import ConversationBlocked, NewMessage, OutgoingMessage, SendJob, TextRefused


def queue_message(tenant_id: UUID, wanted: NewMessage, *, user_id: UUID) -> OutgoingMessage:
    """Raises TextRefused, NotFound, ConversationBlocked, and what working_account() and refusals_told() raise."""
    if reason := guard.reason_to_refuse(wanted.text):
        raise TextRefused(reason=reason)
    pack_id = int(wanted.pack_id)
    account = _account_of(tenant_id, pack_id)
    conversation = _conversation(account, pack_id)
    outgoing_id = uuid7()
    with tenant_session(tenant_id) as session:
        apply_conversations(session, account, [conversation])
        if conversation.status == "blocked":
            substatus = conversation.substatus or "blocked"
        else:
            queries.add(
                session,
                outgoing_id,
                account_id=account.id,
                pack_id=pack_id,
                text=wanted.text,
                attachments=wanted.attachments,
                user_id=user_id,
                moment=now(),
            )
            # Before the commit: a row that nothing points at would never be sent. The worker waits for the row.
            _enqueue(SendJob(tenant_id=tenant_id, outgoing_id=outgoing_id), pack_id)
            return find_outgoing(session, outgoing_id)
    raise ConversationBlocked(substatus=substatus)


def find_outgoing(session: TenantSession, outgoing_id: UUID) -> OutgoingMessage:
    row = queries.outgoing(session, outgoing_id)
    if row is None:
        raise NotFound
    return _outgoing(row)


def _account_of(tenant_id: UUID, pack_id: int) -> ConnectedAccount:
    with tenant_session(tenant_id) as session:
        row = queries.place(session, pack_id)
        if row is None:
            raise NotFound
        return working_account(session, row["account_id"])


def _conversation(account: ConnectedAccount, pack_id: int) -> ConversationDocument:
    with refusals_told():
        try:
            return fetch_conversations(SellerApi(account), [pack_id])[0]
        except ResourceMissing:
            raise NotFound from None
        except ValidationError:  # its text would show what people wrote
            raise MarketplaceBusy("an unreadable conversation") from None


def _enqueue(job: SendJob, pack_id: int) -> None:
    """One conversation is one group, so that its messages arrive in the order in which they were written."""
    group = f"{job.tenant_id}:{pack_id}"
    send_in_order(config().require("queue_outgoing_text"), job.model_dump_json(), group=group, unique=str(job.outgoing_id))


def _outgoing(row: Row) -> OutgoingMessage:
    return OutgoingMessage.model_validate({**row, "pack_id": str(row["pack_id"])})
