"""A notification's effect: read the resource with the seller's token, apply it if newer, once for each version.

Inbox row, state and outbox row are one transaction. The inbox key (tenant, source, resource@version) is what makes the effect
happen once, however often and in whatever order the notifications come.
"""

from __future__ import annotations

from pydantic import ValidationError

from painelml.core.clock import now, rfc3339
from painelml.core.db import TenantSession, tenant_session
from painelml.core.errors import NotFound, RetryLater
from painelml.core.observability import logger
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.documents import Versioned
from painelml.marketplace.errors import AccessRefused, CallRefused, ReconnectRequired, ResourceMissing, patiently
from painelml.marketplace.jobs import Refetch
from painelml.marketplace.resources import Resource, read_resource
from painelml.webhooks import queries

NOT_YET = 5  # a resource may be announced before it can be read: 2, 4, 8, 16, 32 seconds are given


def work(job: Refetch, *, deferrals: int) -> None:
    """Does a refetch job; raises RetryLater where Mercado Livre cannot answer now, or not yet."""
    resource = read_resource(job.topic, job.resource)
    with tenant_session(job.tenant_id) as session:
        try:
            account = connected_account(session, job.account_id)
        except NotFound:
            account = None
    if resource is None or account is None or account.status != "ACTIVE":
        logger.info("refetch not needed", extra={"resource": job.resource})
        return
    asked_at = now()
    try:
        document = _read(account, resource, deferrals)
        with tenant_session(job.tenant_id) as session:
            _apply(session, account, resource, document)
            queries.mark_handled(session, account.id, resource.path, until=asked_at, moment=now())
    except (CallRefused, ReconnectRequired) as refused:
        # Repeating it would not help. The notification stays `received`, which is what reconciliation looks for.
        logger.warning("refetch refused", extra={"resource": resource.path, "reason": refused.code})


def _read(account: ConnectedAccount, resource: Resource, deferrals: int) -> Versioned:
    try:
        with patiently(deferrals):
            document: Versioned = resource.kind.fetch(SellerApi(account), resource.id)
            return document
    except ResourceMissing:
        if deferrals >= NOT_YET:
            raise
        raise RetryLater(2 ** (deferrals + 1), "announced, but not readable yet") from None
    except ValidationError:
        # A 206 may lack even what a row needs; a later read has it.
        if deferrals >= NOT_YET:
            raise
        raise RetryLater(2 ** (deferrals + 1), "incomplete") from None


def _apply(session: TenantSession, account: ConnectedAccount, resource: Resource, document: Versioned) -> None:
    if str(document.id) != resource.id:
        raise AccessRefused(403, "another_resource")
    version = rfc3339(document.updated_at)
    first = queries.enter_inbox(session, f"{resource.path}@{version}")
    written = bool(resource.kind.apply(session, account, [document]))
    if first and written:
        payload = {"account_id": str(account.id), "status": document.status}
        queries.put_in_outbox(
            session, kind=f"{resource.kind.name}.changed", resource=resource.path, version=version, payload=payload
        )
