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

from painelml.audit import AuditEvent, record
from painelml.core.clock import now
from painelml.core.db import Session, TenantSession, UniqueViolation, directory_session, home_session
from painelml.core.errors import Conflict, DatabaseUnavailable, NotFound, PainelError, Text
from painelml.core.observability import logger
from painelml.core.standing import acting
from painelml.plans import service as plans
from painelml.plans.models import SILO, CataloguePlan
from painelml.tenancy import queries
from painelml.tenancy.errors import PartnerLimitReached, TenantExists
from painelml.tenancy.models import FREE, Provisioning, Step
from painelml.tenancy.service import partner_limit_kept, refusals_entered, role_proved_again, what_is_taken

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
    """A tenant to be opened. `plan` is a code of the catalogue or an alias; `max_accounts` None: the plan says.

    `origin` is who asks: sign_up, platform (then `actor` is the person of the platform) or operations.
    """

    name: str
    email: str
    owner_name: str
    owner_email: str
    plan: str = FREE
    max_accounts: int | None = None
    host: str | None = None
    parent_id: UUID | None = None
    origin: str = "platform"
    actor: UUID | None = None

    def document(self, plan: CataloguePlan) -> dict[str, Any]:
        """What the run keeps, with the plan as the catalogue has it now: no password, no hash."""
        told = asdict(self) | {name: str(given) for name in ("parent_id", "actor") if (given := getattr(self, name))}
        brand = {} if self.parent_id else {"company_name": self.name}  # a sub-tenant wears its partner's
        return told | {"plan": plan.code, "silo": SILO in plan.flags, "brand": brand}


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
    Raises UnknownPlan, EmailTaken, HostTaken, TenantExists or PartnerLimitReached, with nothing left behind; ProvisioningBusy.
    """
    with acting(None):
        with home_session(tenant_id) as session:
            document = wish.document(plans.find_plan(session, wish.plan))
            try:
                begun = queries.begin_provisioning(session, document, moment=now())
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


def for_platform(actor: UUID, tenant_id: UUID) -> Provisioning:
    """The same for the platform's people, and for a partner about their own sub-tenants; the tenant's log says so."""
    with refusals_entered(tenant_id), directory_session() as session:
        with role_proved_again():
            row = queries.platform_provisioning(session, actor=actor, tenant=tenant_id)
        if row is None:
            raise NotFound
        record(session.enter(tenant_id), AuditEvent.PLATFORM_ACTION, actor=actor, subject="provisioning.read")
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
            if step == "open":
                _open(tenant_id, begun, owner)
            elif not _do(tenant_id, step, owner):
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


def _open(tenant_id: UUID, begun: dict[str, Any], owner: OwnerSecrets) -> None:
    """The last step, and what the tenant's log says of it. An OWNER of an earlier try is not the one that is given now."""
    wanted = begun["wanted"]
    with home_session(tenant_id) as session:
        if not queries.provision(session, "open", {}):
            return
        if wanted["origin"] != "sign_up":
            actor = UUID(wanted["actor"]) if wanted.get("actor") else None
            record(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenant.open")
        person = None if "owner" in begun["steps"] else owner.id
        record(session, AuditEvent.SIGNED_UP, actor=person, details={"plan": wanted["plan"]})


def _undo(tenant_id: UUID, refused: PainelError) -> None:
    with home_session(tenant_id) as session:
        queries.undo_provisioning(session, refused.code)
    logger.info("provisioning undone", extra={"reason": refused.code, "is_limit": isinstance(refused, PartnerLimitReached)})


def _note(tenant_id: UUID, reason: str) -> None:
    """A run that cannot even be marked is taken up again a minute after its last step."""
    logger.warning("provisioning stopped", extra={"reason": reason})
    with suppress(DatabaseUnavailable), home_session(tenant_id) as session:
        queries.provisioning_failed(session, reason)
