"""All SQL about tenants: calls of the allow-listed functions (migrations/sql/0003_identity.sql)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession


def open_tenant(session: TenantSession, *, name: str, email: str, plan: str, max_accounts: int | None) -> None:
    session.execute(
        "select app.open_tenant(%(name)s, %(email)s, %(plan)s, %(max_accounts)s)",
        name=name,
        email=email,
        plan=plan,
        max_accounts=max_accounts,
    )


def own(session: TenantSession) -> Row | None:
    return session.one("select * from app.own_tenant()")


def rename_own(session: TenantSession, *, name: str | None, email: str | None) -> None:
    session.execute("select app.rename_own_tenant(%(name)s, %(email)s)", name=name, email=email)


def for_platform(
    session: Session,
    *,
    actor: UUID,
    page_size: int,
    status: str | None = None,
    only: UUID | None = None,
    after: UUID | None = None,
) -> list[Row]:
    return session.rows(
        "select * from app.platform_tenants(%(actor)s, %(status)s, %(only)s, %(after)s, %(page_size)s)",
        actor=actor,
        status=status,
        only=only,
        after=after,
        page_size=page_size,
    )


def change_for_platform(session: Session, tenant: UUID, *, actor: UUID, moved_from: str, changes: dict[str, Any]) -> bool:
    """False where the tenant is no longer in the status `moved_from`."""
    changed: bool = session.value(
        """
        select app.platform_change_tenant(
            %(actor)s, %(tenant)s, %(moved_from)s, %(name)s, %(email)s, %(plan)s, %(status)s, %(max_accounts)s
        )
        """,
        actor=actor,
        tenant=tenant,
        moved_from=moved_from,
        **{name: changes.get(name) for name in ("name", "email", "plan", "status", "max_accounts")},
    )
    return changed


def ids(session: Session, *, after: UUID | None, page_size: int) -> list[UUID]:
    return [
        row["id"]
        for row in session.rows("select app.tenant_ids(%(after)s, %(page_size)s) as id", after=after, page_size=page_size)
    ]
