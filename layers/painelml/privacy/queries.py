"""All SQL about exports and erasures (migrations/sql/0011_audit.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession, as_json


def tenant_tables(session: Session) -> list[Row]:
    """`name` (without schema) and `withheld` columns of every tenant table, sorted by name."""
    return session.rows("select name, withheld from app.tenant_tables()")


def export_rows(session: TenantSession, table: str, *, after: list[Any] | None, limit: int) -> list[Row]:
    """`place` and `line` of each row after the key `after`. The audit log is at home, wherever the tenant's rows are."""
    place = session.home if table == "audit_log" else session
    return place.rows(
        "select place, line from app.export_rows(%(of_table)s, %(after)s, %(limit)s)",
        of_table=table,
        after=None if after is None else as_json(after),
        limit=limit,
    )


def export_directory(session: TenantSession) -> list[Row]:
    return session.home.rows("select line from app.export_directory()")


def add_export(session: TenantSession, export_id: UUID, *, user_id: UUID, first_table: str, moment: datetime) -> bool:
    """False where one is running."""
    return bool(
        session.execute(
            """
            insert into app.exports (tenant_id, id, requested_by, table_name, requested_at)
            values (%(tenant_id)s, %(export_id)s, %(user_id)s, %(first_table)s, %(moment)s)
            on conflict (tenant_id) where status = 'running' do nothing
            """,
            export_id=export_id,
            user_id=user_id,
            first_table=first_table,
            moment=moment,
        )
    )


def exports(session: TenantSession, *, before: UUID | None, limit: int) -> list[Row]:
    """Newest first: ids sort by the moment of their making."""
    return session.rows(
        """
        select * from app.exports
        where tenant_id = %(tenant_id)s and (%(before)s::uuid is null or id < %(before)s)
        order by id desc
        limit %(limit)s
        """,
        before=before,
        limit=limit,
    )


def export(session: TenantSession, export_id: UUID) -> Row | None:
    return session.one("select * from app.exports where tenant_id = %(tenant_id)s and id = %(export_id)s", export_id=export_id)


def hold_export(session: TenantSession, export_id: UUID) -> Row | None:
    """The export, for this transaction alone."""
    return session.one(
        "select * from app.exports where tenant_id = %(tenant_id)s and id = %(export_id)s for update", export_id=export_id
    )


def turn_export(
    session: TenantSession, export_id: UUID, *, table: str, place: list[Any] | None, files: list[dict[str, Any]]
) -> None:
    session.execute(
        """
        update app.exports set part = part + 1, table_name = %(table)s, place = %(place)s, files = files || %(files)s
        where tenant_id = %(tenant_id)s and id = %(export_id)s
        """,
        export_id=export_id,
        table=table,
        place=None if place is None else as_json(place),
        files=as_json(files),
    )


def finish_export(session: TenantSession, export_id: UUID, *, manifest_sha256: str, moment: datetime) -> None:
    session.execute(
        """
        update app.exports set status = 'done', manifest_sha256 = %(manifest_sha256)s, finished_at = %(moment)s
        where tenant_id = %(tenant_id)s and id = %(export_id)s
        """,
        export_id=export_id,
        manifest_sha256=manifest_sha256,
        moment=moment,
    )


def expire_exports(session: TenantSession, *, before: datetime) -> int:
    return session.execute(
        """
        update app.exports set status = 'expired', files = '[]'
        where tenant_id = %(tenant_id)s and requested_at < %(before)s and status <> 'expired'
        """,
        before=before,
    )


def is_erased(session: TenantSession) -> bool:
    erased: bool = session.home.value("select app.is_erased()")
    return erased


def tenant_to_erase(session: Session, tenant_id: UUID) -> Row | None:
    """Only as `owner`: `status` and `is_house`."""
    return session.one("select status, is_house from directory.tenant_to_erase(%(gone)s)", gone=tenant_id)


def sub_tenants(session: Session, partner_id: UUID) -> list[Row]:
    """Only as `owner`: `id`, `name` and `status` of who is below a partner."""
    return session.rows("select id, name, status from directory.sub_tenants(%(partner)s)", partner=partner_id)


def in_order(session: Session, laid: list[UUID]) -> list[UUID]:
    """Only as `owner`: those to be erased, whoever is below another before that one."""
    return [row["id"] for row in session.rows("select id from directory.erasure_order(%(laid)s) as id", laid=laid)]


def silo(session: Session, tenant_id: UUID) -> Row | None:
    """Only as `owner`: where the tenant's own database is; None for a tenant of the pool."""
    return session.one("select * from app.silo_of(%(gone)s)", gone=tenant_id)


def erase_tenant(session: Session, tenant_id: UUID) -> dict[str, int]:
    """Only as `owner`: rows gone, by table."""
    rows: dict[str, int] = session.value("select directory.erase_tenant(%(gone)s)", gone=tenant_id)
    return rows


def tombstone(session: Session, tenant_id: UUID) -> Row | None:
    """Only as `owner`."""
    return session.one(
        "select erased_at, receipt from directory.tombstones where tenant_id = %(tenant_id)s", tenant_id=tenant_id
    )


def tombstones(session: Session) -> list[UUID]:
    """Only as `owner`."""
    return [row["tenant_id"] for row in session.rows("select tenant_id from directory.tombstone_ids() as tenant_id")]


def keep_tombstone(session: Session, tenant_id: UUID, *, moment: datetime, receipt: dict[str, Any]) -> None:
    """Only as `owner`. A second erasure keeps the first one's moment, and adds its receipt in the place of the first."""
    session.execute(
        """
        insert into directory.tombstones (tenant_id, erased_at, receipt) values (%(tenant_id)s, %(moment)s, %(receipt)s)
        on conflict (tenant_id) do update set receipt = excluded.receipt
        """,
        tenant_id=tenant_id,
        moment=moment,
        receipt=as_json(receipt),
    )
