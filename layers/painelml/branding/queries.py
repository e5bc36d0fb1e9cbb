"""All SQL about brands: calls of the allow-listed functions (migrations/sql/0012_tenancy.sql)."""

from __future__ import annotations

from typing import Any

from painelml.core.db import Row, Session, TenantSession, as_json


def own(session: TenantSession) -> Row | None:
    return session.home.one("select * from app.own_brand()")


def change(session: TenantSession, changes: dict[str, Any]) -> None:
    session.home.execute("select app.change_own_brand(%(changes)s)", changes=as_json(changes))


def of_host(session: Session, host: str) -> Row | None:
    return session.one("select * from app.brand_of_host(%(host)s)", host=host)
