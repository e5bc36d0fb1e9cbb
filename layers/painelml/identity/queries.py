"""All SQL about people and sessions: calls of the allow-listed functions (migrations/sql/0003_identity.sql)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession


def add_member(session: TenantSession, person: UUID, *, email: str, name: str, password_hash: str, role: str) -> None:
    session.home.execute(
        "select app.add_member(%(person)s, %(email)s, %(name)s, %(password_hash)s, %(role)s)",
        person=person,
        email=email,
        name=name,
        password_hash=password_hash,
        role=role,
    )


def members(session: TenantSession, *, page_size: int, after: UUID | None = None, only: UUID | None = None) -> list[Row]:
    return session.home.rows(
        "select * from app.members(%(only)s, %(after)s, %(page_size)s)", only=only, after=after, page_size=page_size
    )


def hold_owners(session: TenantSession) -> set[UUID]:
    """The active OWNERs, who stay so until the transaction ends."""
    return {row["id"] for row in session.home.rows("select app.hold_owners() as id")}


def change_member(session: TenantSession, person: UUID, *, name: str | None, role: str | None, is_active: bool | None) -> None:
    session.home.execute(
        "select app.change_member(%(person)s, %(name)s, %(role)s, %(is_active)s)",
        person=person,
        name=name,
        role=role,
        is_active=is_active,
    )


def add_platform_user(
    session: Session, person: UUID, *, house: UUID, email: str, name: str, password_hash: str, platform_role: str
) -> None:
    """Only as `owner`. `house` becomes our own tenant's id where it does not exist yet."""
    session.execute(
        "select directory.add_platform_user(%(person)s, %(house)s, %(email)s, %(name)s, %(password_hash)s, %(platform_role)s)",
        person=person,
        house=house,
        email=email,
        name=name,
        password_hash=password_hash,
        platform_role=platform_role,
    )


def find_login(session: Session, email: str) -> Row | None:
    return session.one("select * from app.find_login(%(email)s)", email=email)


def replace_password_hash(session: Session, person: UUID, *, old: str, new: str) -> None:
    session.execute("select app.replace_password_hash(%(person)s, %(old)s, %(new)s)", person=person, old=old, new=new)


def start_session(
    session: TenantSession,
    family: UUID,
    *,
    person: UUID,
    token_hash: bytes,
    client_hash: bytes,
    moment: datetime,
    idle: timedelta,
) -> bool:
    """False where the person may not enter the tenant."""
    started: bool = session.value(
        "select app.start_session(%(family)s, %(person)s, %(token_hash)s, %(client_hash)s, %(moment)s, %(idle)s)",
        family=family,
        person=person,
        token_hash=token_hash,
        client_hash=client_hash,
        moment=moment,
        idle=idle,
    )
    return started


def rotate_session(session: Session, **params: Any) -> Row:
    row = session.one(
        """
        select * from app.rotate_session(
            %(presented)s, %(successor)s, %(successor_id)s, %(client_hash)s, %(moment)s, %(grace)s, %(idle)s, %(absolute)s
        )
        """,
        **params,
    )
    if row is None:
        raise RuntimeError("app.rotate_session answers one row, always")
    return row


def end_session(session: Session, token_hash: bytes, *, moment: datetime) -> None:
    session.execute("select app.end_session(%(token_hash)s, %(moment)s)", token_hash=token_hash, moment=moment)


def prune_sessions(session: Session, *, before: datetime, families: int) -> int:
    pruned: int = session.value("select app.prune_sessions(%(before)s, %(families)s)", before=before, families=families)
    return pruned


def memberships(session: TenantSession, person: UUID) -> list[Row]:
    return session.home.rows("select * from app.memberships(%(person)s)", person=person)


def move_session(session: TenantSession, **params: Any) -> Row | None:
    """The person's role in the session's tenant; None where they may not enter, or have no session to move."""
    return session.home.one(
        """
        select * from app.move_session(
            %(old_family)s, %(new_family)s, %(person)s, %(token_hash)s, %(client_hash)s,
            %(moment)s, %(idle)s, %(absolute)s, %(as_default)s
        )
        """,
        **params,
    )


def add_partner(
    session: Session, person: UUID, *, tenant: UUID, email: str, name: str, password_hash: str, max_accounts: int
) -> None:
    """Only as `owner`."""
    session.execute(
        "select directory.add_partner(%(person)s, %(tenant)s, %(email)s, %(name)s, %(password_hash)s, %(max_accounts)s)",
        person=person,
        tenant=tenant,
        email=email,
        name=name,
        password_hash=password_hash,
        max_accounts=max_accounts,
    )
