"""The operator's desk: tenants as the `painel tenant` commands see them. Only for operations, as `owner`.

Each takes the command's arguments and answers JSON. `dry_run` says what would happen, and writes nothing.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from painelml.audit import AuditEvent, record
from painelml.core.crypto import random_token
from painelml.core.db import Row, directory_session, tenant_session
from painelml.core.errors import Conflict, InvalidRequest, NotFound
from painelml.core.fields import Email, Name
from painelml.core.ids import uuid7
from painelml.core.migrate import owner_session
from painelml.core.secrets import parameter
from painelml.core.standing import TenantStatus
from painelml.identity.passwords import hash_password
from painelml.identity.silos import make_silo
from painelml.plans import service as plans
from painelml.plans.models import SILO, CataloguePlan
from painelml.tenancy import operations, provisioning
from painelml.tenancy.models import FREE, GivenCode, Host, MaxAccounts, Provisioning
from painelml.tenancy.provisioning import OwnerSecrets, Wish
from painelml.tenancy.service import check_move


class _Create(BaseModel):
    """`email` is the tenant's and its OWNER's; `id` makes the command safe to repeat."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    id: UUID | None = None
    name: Name
    email: Email
    plan: GivenCode = FREE
    domain: Host | None = None
    max_accounts: MaxAccounts | None = None
    dry_run: bool = False


def create(args: dict[str, Any]) -> dict[str, Any]:
    """Opens a tenant, silo and all, or goes on with one of the same id. `password` is the OWNER's first, shown this once.

    `url` is where its people sign in; `seconds` went from the first try until it was open, null while it is not.

    Raises what provisioning raises.
    """
    wanted = _Create.model_validate(args)
    plan = _plan(wanted.plan)
    warnings = _old_name(str(args.get("plan", plan.code)), plan)
    tenant_id, password = wanted.id or uuid7(), random_token(120)
    if wanted.dry_run:
        placement = "silo" if SILO in plan.flags else "pool"
        would = {"steps": list(provisioning.STEPS), "plan": plan.code, "placement": placement}
        return {"dry_run": True, "tenant_id": str(tenant_id), "warnings": warnings, **would}
    wish = Wish(
        name=wanted.name,
        email=wanted.email,
        owner_name=wanted.name,
        owner_email=wanted.email,
        plan=plan.code,
        max_accounts=wanted.max_accounts,
        host=wanted.domain,
        origin="operations",
    )
    owner = OwnerSecrets(uuid7(), hash_password(password))
    done = provisioning.provision(tenant_id, wish, owner, make_silo=make_silo)
    with owner_session() as session:
        is_theirs = session.value(
            "select exists (select from directory.memberships where tenant_id = %(tenant)s and user_id = %(person)s)",
            tenant=tenant_id,
            person=owner.id,
        )
    shown = {"password": password} if is_theirs else {}
    made = show({"id": str(tenant_id)})
    told = {"status_of_run": done.status, "seconds": _seconds(done), "url": _url(made["tenant"]), "warnings": warnings}
    return {**made, **told, **shown}


def open_house() -> None:
    """Our own tenant, before anyone knocks: refusals that name no tenant are entered in its chain. Safe to run twice."""
    with owner_session() as session:
        operations.owner_opens_house(session, uuid7())


def listed(_args: dict[str, Any]) -> dict[str, Any]:
    with owner_session() as session:
        return {"tenants": [_plain(row) for row in operations.owner_lists(session)]}


def show(args: dict[str, Any]) -> dict[str, Any]:
    """One tenant and the steps that made it; raises NotFound."""
    tenant_id = _id(args)
    with owner_session() as session:
        rows = operations.owner_lists(session, only=tenant_id)
        run = operations.owner_sees_provisioning(session, tenant_id)
    if not rows:
        raise NotFound
    steps = provisioning.shown(tenant_id, run).model_dump(mode="json") if run else None
    return {"tenant": _plain(rows[0]), "provisioning": steps}


def move(args: dict[str, Any]) -> dict[str, Any]:
    """Moves a tenant to `status` along the table of moves. Moving nowhere is no mistake.

    Raises NotFound, MoveNotAllowed, SubTenantsLeft.
    """
    tenant_id, to = _id(args), TenantStatus(args["status"])
    with owner_session() as session:
        rows = operations.owner_lists(session, only=tenant_id)
        if not rows:
            raise NotFound
        moved_from = TenantStatus(rows[0]["status"])
        if to != moved_from:
            check_move(moved_from, to, below=operations.owner_sees_sub_tenants(session, tenant_id))
        answer = {"tenant_id": str(tenant_id), "moved_from": moved_from, "status": to}
        if args.get("dry_run") or to == moved_from:
            return {**answer, "dry_run": bool(args.get("dry_run"))}
        if not operations.owner_moves(session, tenant_id, moved_from=moved_from, status=to):
            raise Conflict
    with tenant_session(tenant_id) as session:
        record(session, AuditEvent.STATUS_CHANGED, details={"from": moved_from.value, "to": to.value})
    return {**answer, "dry_run": False}


def _plan(code: str) -> CataloguePlan:
    """Raises UnknownPlan, which lists the codes."""
    with directory_session() as session:
        return plans.find_plan(session, code)


def _old_name(given: str, plan: CataloguePlan) -> list[str]:
    """What to say where the plan was not called by its code: the names of 001 and of 003's script are aliases (K36)."""
    return [] if given == plan.code else [f"{given!r} is an old name. The plan is called {plan.code}; use that."]


def _seconds(done: Provisioning) -> float | None:
    opened_at = next(step.done_at for step in done.steps if step.step == "open")
    return round((opened_at - done.created_at).total_seconds(), 2) if opened_at else None


def _url(tenant: dict[str, Any]) -> str:
    """Its own host once that serves pages, everyone's until then."""
    return f"https://{tenant['host']}" if tenant["host_status"] == "active" else parameter("web_url")


def _id(args: dict[str, Any]) -> UUID:
    try:
        return UUID(str(args["id"]))
    except (KeyError, ValueError):
        raise InvalidRequest(errors=[{"field": "id", "message": "Input should be a valid UUID"}]) from None


def _plain(row: Row) -> dict[str, Any]:
    return {name: value if value is None or isinstance(value, int) else str(value) for name, value in row.items()}
