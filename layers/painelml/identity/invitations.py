"""Invitations: who may join is said by the tenant, who joins is shown by reading the address."""

from __future__ import annotations

from uuid import UUID

from painelml.audit import AuditEvent, Detail, record
from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.db import TenantSession, tenant_session
from painelml.core.errors import NotFound
from painelml.core.ids import uuid7
from painelml.core.pages import Page, decode_id, page_of
from painelml.identity import letters, queries
from painelml.identity.errors import AlreadyMember
from painelml.identity.letters import INVITATION_LIFE, Wanted
from painelml.identity.models import Invitation, NewInvitation
from painelml.identity.service import check_reach


def invite(caller: Caller, wanted: NewInvitation, *, language: str) -> Invitation:
    """Replaces an open invitation of the same address; raises OwnersOnly, AlreadyMember."""
    check_reach(caller, wanted.role)
    invitation, moment = uuid7(), now()
    with tenant_session(caller.tenant_id) as session:
        invited = queries.invite(
            session,
            invitation,
            email=wanted.email,
            role=wanted.role,
            inviter=caller.user_id,
            moment=moment,
            until=moment + INVITATION_LIFE,
        )
        if not invited:
            raise AlreadyMember
        made = queries.invitations(session, moment=moment, only=invitation, page_size=1)[0]
        details: dict[str, Detail] = {"role": wanted.role.value}
        record(session, AuditEvent.USER_INVITED, actor=caller.user_id, subject=str(invitation), details=details)
    letters.queue(Wanted(kind="invitation", language=language, tenant_id=caller.tenant_id, invitation=invitation))
    return Invitation(**made)


def invitations(session: TenantSession, *, limit: int, cursor: str | None = None) -> Page[Invitation]:
    """Those that are open, oldest first."""
    rows = queries.invitations(session, moment=now(), after=decode_id(cursor), page_size=limit + 1)
    return page_of([Invitation(**row) for row in rows], limit, key=lambda invitation: [invitation.id])


def revoke(session: TenantSession, caller: Caller, invitation_id: UUID) -> None:
    """Raises NotFound, OwnersOnly."""
    found = queries.invitations(session, moment=now(), only=invitation_id, page_size=1)
    if not found:
        raise NotFound
    check_reach(caller, Invitation(**found[0]).role)
    if not queries.revoke_invitation(session, invitation_id, moment=now()):
        raise NotFound
    record(session, AuditEvent.INVITATION_REVOKED, actor=caller.user_id, subject=str(invitation_id))
