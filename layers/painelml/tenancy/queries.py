"""All SQL about tenants: calls of the allow-listed functions (migrations/sql/0003_identity.sql, 0012_tenancy.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession, as_json


def own(session: TenantSession) -> Row | None:
    return session.home.one("select * from app.own_tenant()")


def rename_own(session: TenantSession, *, name: str | None, email: str | None) -> None:
    session.home.execute("select app.rename_own_tenant(%(name)s, %(email)s)", name=name, email=email)


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


# Partners


def partner_of(session: Session, *, actor: UUID) -> UUID | None:
    found: UUID | None = session.value("select app.partner_of(%(actor)s)", actor=actor)
    return found


def sub_tenants(session: Session, tenant: UUID, *, actor: UUID) -> list[Row]:
    """`id`, `name` and `status` of who is below a tenant, which is held until the transaction ends."""
    return session.rows(
        "select id, name, status from app.platform_sub_tenants(%(actor)s, %(tenant)s)", actor=actor, tenant=tenant
    )


# Provisioning: always where the directory is


def begin_provisioning(session: TenantSession, document: dict[str, Any], *, moment: datetime) -> Row | None:
    """`wanted`, `status` and the `steps` that are done; None where another hand is at work."""
    return session.home.one(
        "select * from app.begin_provisioning(%(document)s, %(moment)s)", document=as_json(document), moment=moment
    )


def provision(session: TenantSession, step: str, secrets: dict[str, str]) -> bool:
    """False where the step was done before, or cannot be done yet."""
    done: bool = session.home.value("select app.provision(%(step)s, %(secrets)s)", step=step, secrets=as_json(secrets))
    return done


def provisioning_failed(session: TenantSession, reason: str) -> None:
    session.home.execute("select app.provisioning_failed(%(reason)s)", reason=reason)


def undo_provisioning(session: TenantSession, reason: str) -> None:
    session.home.execute("select app.undo_provisioning(%(reason)s)", reason=reason)


def own_provisioning(session: TenantSession) -> Row | None:
    return session.home.one("select * from app.own_provisioning()")


def platform_provisioning(session: Session, *, actor: UUID, tenant: UUID) -> Row | None:
    return session.one("select * from app.platform_provisioning(%(actor)s, %(tenant)s)", actor=actor, tenant=tenant)


def unfinished_tenant(session: Session, email: str, *, moment: datetime) -> UUID | None:
    found: UUID | None = session.value("select app.unfinished_tenant(%(email)s, %(moment)s)", email=email, moment=moment)
    return found


# Settings: tenant tables, in the tenant's own database


def settings(session: TenantSession) -> Row | None:
    return session.one(
        """
        select time_zone, language, currency, sync_orders, sync_items, sync_questions
        from app.settings where tenant_id = %(tenant_id)s
        """
    )


def save_settings(session: TenantSession, changes: dict[str, Any]) -> None:
    session.execute(
        """
        insert into app.settings (tenant_id, time_zone, language, currency, sync_orders, sync_items, sync_questions)
        values (
            %(tenant_id)s, %(time_zone)s, %(language)s, %(currency)s, %(sync_orders)s, %(sync_items)s, %(sync_questions)s
        )
        on conflict (tenant_id) do update
        set time_zone = excluded.time_zone, language = excluded.language, currency = excluded.currency,
            sync_orders = excluded.sync_orders, sync_items = excluded.sync_items, sync_questions = excluded.sync_questions,
            updated_at = now()
        """,
        **changes,
    )


def account_settings(session: TenantSession, account_id: UUID) -> Row | None:
    return session.one(
        """
        select time_zone, language, currency, sync_orders, sync_items, sync_questions
        from app.ml_account_settings where tenant_id = %(tenant_id)s and account_id = %(account_id)s
        """,
        account_id=account_id,
    )


def save_account_settings(session: TenantSession, account_id: UUID, changes: dict[str, Any]) -> None:
    session.execute(
        """
        insert into app.ml_account_settings (
            tenant_id, account_id, time_zone, language, currency, sync_orders, sync_items, sync_questions
        )
        values (
            %(tenant_id)s, %(account_id)s, %(time_zone)s, %(language)s, %(currency)s, %(sync_orders)s, %(sync_items)s,
            %(sync_questions)s
        )
        on conflict (tenant_id, account_id) do update
        set time_zone = excluded.time_zone, language = excluded.language, currency = excluded.currency,
            sync_orders = excluded.sync_orders, sync_items = excluded.sync_items, sync_questions = excluded.sync_questions,
            updated_at = now()
        """,
        account_id=account_id,
        **changes,
    )
