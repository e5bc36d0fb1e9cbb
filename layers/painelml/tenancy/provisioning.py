"""Opening a tenant, as a run of steps that the database remembers: the same for sign-up, the platform and the command line.

A step's effect and its mark are one transaction, so it happens once, however often the run is taken up again. What can never be
met (an address that is taken) takes back what the run did; what broke on the way leaves a run that the next try goes on with.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, ClassVar
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Session, TenantSession, UniqueViolation, home_session
from painelml.core.errors import Conflict, DatabaseUnavailable, NotFound, PainelError, Text
from painelml.core.observability import logger
from painelml.core.standing import acting
from painelml.tenancy import queries
from painelml.tenancy.errors import PartnerLimitReached, TenantExists
from painelml.tenancy.models import SILO_PLANS, Plan, Provisioning, Step
from painelml.tenancy.service import partner_limit_kept, role_proved_again, what_is_taken

STEPS = ("tenant", "owner", "plan", "storage", "brand", "database", "open")


class ProvisioningBusy(Conflict):
    code = "provisioning_in_progress"
    title: ClassVar[Text] = {"pt-BR": "Abertura em andamento", "en": "Opening in progress"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta conta está sendo aberta agora por outro pedido. Espere um minuto e confira antes de repetir.",
        "en": "This account is being opened by another request right now. Wait a minute and look before you repeat it.",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A tenant to be opened. `origin` is who asks: sign_up, platform or operations; `max_accounts` None: the plan says."""

    name: str
    email: str
    owner_name: str
    owner_email: str
    plan: Plan = Plan.FREE
    max_accounts: int | None = None
    host: str | None = None
    parent_id: UUID | None = None
    origin: str = "platform"

    def document(self) -> dict[str, Any]:
        """What the run keeps: no password, no hash."""
        told = asdict(self) | {"parent_id": str(self.parent_id) if self.parent_id else None}
        brand = {} if self.parent_id else {"company_name": self.name}  # a sub-tenant wears its partner's
        return told | {"silo": self.plan in SILO_PLANS, "brand": brand}


@dataclass(frozen=True, slots=True)
class OwnerSecrets:
    """The first OWNER's id and password hash, which no run keeps."""

    id: UUID
    hash: str


def provision(
    tenant_id: UUID, wish: Wish, owner: OwnerSecrets, *, make_silo: Callable[[UUID], object] | None = None
) -> Provisioning:
    """Begins the run of `tenant_id`, or goes on with it; a run that is done is left alone.

    `make_silo` makes the tenant's own database; without it (only operations may) a run that needs one stops as `waiting`.
    Raises EmailTaken, HostTaken, TenantExists or PartnerLimitReached, with nothing left behind; ProvisioningBusy.
    """
    with acting(None):
        with home_session(tenant_id) as session:
            try:
                begun = queries.begin_provisioning(session, wish.document(), moment=now())
            except UniqueViolation:
                raise TenantExists(tenant_id=str(tenant_id)) from None
        if begun is None:
            raise ProvisioningBusy
        if begun["status"] != "done":
            _go_on(tenant_id, begun, owner, make_silo)
        with home_session(tenant_id) as session:
            return told(session)


def told(session: TenantSession) -> Provisioning:
    """The run of the session's tenant; raises NotFound where it was opened before runs were kept."""
    row = queries.own_provisioning(session)
    if row is None:
        raise NotFound
    return shown(session.tenant_id, row)


def for_platform(session: Session, actor: UUID, tenant_id: UUID) -> Provisioning:
    """The same for the platform's people, and for a partner about their own sub-tenants."""
    with role_proved_again():
        row = queries.platform_provisioning(session, actor=actor, tenant=tenant_id)
    if row is None:
        raise NotFound
    return shown(tenant_id, row)


def shown(tenant_id: UUID, row: dict[str, Any]) -> Provisioning:
    done = {step["step"]: step["done_at"] for step in row["steps"]}
    steps = [Step(step=step, done_at=done.get(step)) for step in STEPS]
    return Provisioning(tenant_id=tenant_id, **{**row, "steps": steps})


def unfinished(session: Session, email: str) -> UUID | None:
    """The tenant that an earlier sign-up with this address left half-made."""
    found: UUID | None = queries.unfinished_tenant(session, email, moment=now())
    return found


def _go_on(tenant_id: UUID, begun: dict[str, Any], owner: OwnerSecrets, make_silo: Callable[[UUID], object] | None) -> None:
    try:
        for step in STEPS:
            if step in begun["steps"]:
                continue
            if step == "database" and begun["wanted"]["silo"] and make_silo:
                make_silo(tenant_id)
            if not _do(tenant_id, step, owner):
                return
    except Conflict as refused:
        _undo(tenant_id, refused)
        raise
    except Exception as fault:
        _note(tenant_id, type(fault).__name__)
        raise


def _do(tenant_id: UUID, step: str, owner: OwnerSecrets) -> bool:
    """False where the run waits. A step that someone else has done meanwhile counts as done."""
    secrets = {"id": str(owner.id), "hash": owner.hash} if step == "owner" else {}
    with home_session(tenant_id) as session, what_is_taken(), partner_limit_kept():
        if queries.provision(session, step, secrets):
            return True
        row = queries.own_provisioning(session)
        return row is not None and row["status"] == "running"


def _undo(tenant_id: UUID, refused: PainelError) -> None:
    with home_session(tenant_id) as session:
        queries.undo_provisioning(session, refused.code)
    logger.info("provisioning undone", extra={"reason": refused.code, "is_limit": isinstance(refused, PartnerLimitReached)})


def _note(tenant_id: UUID, reason: str) -> None:
    """A run that cannot even be marked is taken up again a minute after its last step."""
    logger.warning("provisioning stopped", extra={"reason": reason})
    with suppress(DatabaseUnavailable), home_session(tenant_id) as session:
        queries.provisioning_failed(session, reason)
