"""All SQL of the operator's desk: as `owner`, who sees the directory across tenants and no tenant's rows."""

from __future__ import annotations

from uuid import UUID

from painelml.core.db import Row, Session


def owner_lists(session: Session, *, only: UUID | None = None) -> list[Row]:
    """All tenants but our own, with where they live."""
    return session.rows(
        """
        select t.id, t.name, t.email, t.plan, t.status, t.max_accounts, t.placement, t.host, t.host_status,
            t.parent_id, t.created_at,
            (
                select string_agg(i.plan, ' ' order by i.line desc) from directory.subscription_items i where i.tenant_id = t.id
            ) as plans
        from directory.tenants t
        where not t.is_house and (%(only)s::uuid is null or t.id = %(only)s)
        order by t.created_at, t.id
        """,
        only=only,
    )


def owner_moves(session: Session, tenant: UUID, *, moved_from: str, status: str) -> bool:
    """False where the tenant has moved meanwhile. One who may no longer enter loses their sessions."""
    moved = session.execute(
        """
        update directory.tenants set status = %(status)s, updated_at = now()
        where id = %(tenant)s and status = %(moved_from)s and not is_house
        """,
        tenant=tenant,
        moved_from=moved_from,
        status=status,
    )
    if moved and status in ("SUSPENDED", "CANCELLED"):
        session.execute(
            "update directory.sessions set revoked_at = now() where tenant_id = %(tenant)s and revoked_at is null",
            tenant=tenant,
        )
    return bool(moved)


def owner_opens_house(session: Session, house: UUID) -> None:
    """Our own tenant, where it does not exist yet."""
    session.execute(
        """
        insert into directory.tenants (id, name, email, plan, status, is_house)
        values (%(house)s, 'PainelML', 'house@painelml.example', 'ENTERPRISE', 'ACTIVE', true)
        on conflict do nothing
        """,
        house=house,
    )


def owner_sees_sub_tenants(session: Session, tenant: UUID) -> list[Row]:
    """`id`, `name` and `status` of who is below a partner."""
    return session.rows("select id, name, status from directory.sub_tenants(%(tenant)s)", tenant=tenant)


def owner_sees_provisioning(session: Session, tenant: UUID) -> Row | None:
    return session.one("select * from directory.provisioning_of(%(tenant)s)", tenant=tenant)
