"""All SQL about people and sessions: calls of the allow-listed functions (migrations/sql/0003_identity.sql, 0010)."""

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
    started: bool = session.home.value(
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


def session_owner(session: Session, token_hash: bytes) -> Row | None:
    """`tenant_id`, `user_id` and `family_id` of a session that is still going on."""
    return session.one("select * from app.session_owner(%(token_hash)s)", token_hash=token_hash)


def prune_sessions(session: Session, *, before: datetime, families: int) -> int:
    pruned: int = session.value("select app.prune_sessions(%(before)s, %(families)s)", before=before, families=families)
    return pruned


def issue_reset_token(session: Session, email: str, token: bytes, *, moment: datetime, until: datetime) -> Row | None:
    return session.one(
        "select * from app.issue_reset_token(%(email)s, %(token)s, %(moment)s, %(until)s)",
        email=email,
        token=token,
        moment=moment,
        until=until,
    )


def issue_email_token(
    session: Session, person: UUID | None, email: str, token: bytes, *, moment: datetime, until: datetime
) -> Row:
    row = session.one(
        "select * from app.issue_email_token(%(person)s, %(email)s, %(token)s, %(moment)s, %(until)s)",
        person=person,
        email=email,
        token=token,
        moment=moment,
        until=until,
    )
    return row or {"outcome": "unknown", "person_name": None}


def read_reset_token(session: Session, token: bytes, *, moment: datetime) -> Row | None:
    return session.one("select * from app.read_reset_token(%(token)s, %(moment)s)", token=token, moment=moment)


def reset_password(session: Session, token: bytes, *, new_hash: str, moment: datetime) -> bool:
    done: bool = session.value(
        "select app.reset_password(%(token)s, %(new_hash)s, %(moment)s)", token=token, new_hash=new_hash, moment=moment
    )
    return done


def verify_email(session: Session, token: bytes, *, moment: datetime) -> Row | None:
    return session.one("select * from app.verify_email(%(token)s, %(moment)s)", token=token, moment=moment)


def way_in_of(session: Session, person: UUID) -> UUID | None:
    """The tenant where the person's login begins."""
    found: UUID | None = session.value("select app.way_in_of(%(person)s)", person=person)
    return found


def prune_account_tokens(session: Session, *, before: datetime, page: int) -> int:
    pruned: int = session.value("select app.prune_account_tokens(%(before)s, %(page)s)", before=before, page=page)
    return pruned


def account_of(session: TenantSession, person: UUID) -> Row | None:
    return session.home.one("select * from app.account_of(%(person)s)", person=person)


def change_password(
    session: TenantSession, person: UUID, *, old_hash: str, new_hash: str, spared: UUID, moment: datetime
) -> bool:
    changed: bool = session.home.value(
        "select app.change_password(%(person)s, %(old_hash)s, %(new_hash)s, %(spared)s, %(moment)s)",
        person=person,
        old_hash=old_hash,
        new_hash=new_hash,
        spared=spared,
        moment=moment,
    )
    return changed


def own_sessions(session: TenantSession, person: UUID, *, moment: datetime) -> list[Row]:
    return session.home.rows("select * from app.own_sessions(%(person)s, %(moment)s)", person=person, moment=moment)


def end_own_session(session: TenantSession, person: UUID, family: UUID, *, moment: datetime) -> bool:
    ended: bool = session.home.value(
        "select app.end_own_session(%(person)s, %(family)s, %(moment)s)", person=person, family=family, moment=moment
    )
    return ended


def end_own_sessions(session: TenantSession, person: UUID, *, moment: datetime) -> int:
    ended: int | None = session.home.value("select app.end_own_sessions(%(person)s, %(moment)s)", person=person, moment=moment)
    return ended or 0


def begin_totp(session: TenantSession, person: UUID, sealed: bytes) -> bool:
    begun: bool = session.home.value("select app.begin_totp(%(person)s, %(sealed)s)", person=person, sealed=sealed)
    return begun


def confirm_totp(
    session: TenantSession, person: UUID, *, sealed: bytes, step: int, codes: list[bytes], moment: datetime
) -> bool:
    confirmed: bool = session.home.value(
        "select app.confirm_totp(%(person)s, %(sealed)s, %(step)s, %(codes)s, %(moment)s)",
        person=person,
        sealed=sealed,
        step=step,
        codes=codes,
        moment=moment,
    )
    return confirmed


def use_totp_step(session: TenantSession, person: UUID, step: int) -> bool:
    used: bool = session.home.value("select app.use_totp_step(%(person)s, %(step)s)", person=person, step=step)
    return used


def use_recovery_code(session: TenantSession, person: UUID, code: bytes) -> bool:
    used: bool = session.home.value("select app.use_recovery_code(%(person)s, %(code)s)", person=person, code=code)
    return used


def end_totp(session: TenantSession, person: UUID) -> None:
    session.home.execute("select app.end_totp(%(person)s)", person=person)


def invite(
    session: TenantSession, invitation: UUID, *, email: str, role: str, inviter: UUID, moment: datetime, until: datetime
) -> bool:
    """False where the address is a member's already."""
    invited: bool = session.home.value(
        "select app.invite(%(invitation)s, %(email)s, %(role)s, %(inviter)s, %(moment)s, %(until)s)",
        invitation=invitation,
        email=email,
        role=role,
        inviter=inviter,
        moment=moment,
        until=until,
    )
    return invited


def invitations(
    session: TenantSession, *, moment: datetime, page_size: int, after: UUID | None = None, only: UUID | None = None
) -> list[Row]:
    return session.home.rows(
        "select * from app.invitations(%(only)s, %(after)s, %(moment)s, %(page_size)s)",
        only=only,
        after=after,
        moment=moment,
        page_size=page_size,
    )


def revoke_invitation(session: TenantSession, invitation: UUID, *, moment: datetime) -> bool:
    revoked: bool = session.home.value(
        "select app.revoke_invitation(%(invitation)s, %(moment)s)", invitation=invitation, moment=moment
    )
    return revoked


def arm_invitation(session: TenantSession, invitation: UUID, token: bytes, *, moment: datetime) -> Row | None:
    return session.home.one(
        "select * from app.arm_invitation(%(invitation)s, %(token)s, %(moment)s)",
        invitation=invitation,
        token=token,
        moment=moment,
    )


def read_invitation(session: Session, token: bytes, *, moment: datetime) -> Row | None:
    return session.one("select * from app.read_invitation(%(token)s, %(moment)s)", token=token, moment=moment)


def accept_invitation(
    session: TenantSession, token: bytes, *, new_person: UUID, name: str | None, password_hash: str | None, moment: datetime
) -> UUID | None:
    person: UUID | None = session.home.value(
        "select app.accept_invitation(%(token)s, %(new_person)s, %(name)s, %(password_hash)s, %(moment)s)",
        token=token,
        new_person=new_person,
        name=name,
        password_hash=password_hash,
        moment=moment,
    )
    return person


def add_api_key(
    session: TenantSession,
    key: UUID,
    *,
    person: UUID,
    name: str,
    prefix: str,
    key_hash: bytes,
    scopes: list[str],
    rate_limit: int | None,
    moment: datetime,
    until: datetime,
) -> bool:
    """False for someone who is no longer a member."""
    added: bool = session.home.value(
        """
        select app.add_api_key(
            %(key)s, %(person)s, %(name)s, %(prefix)s, %(key_hash)s, %(scopes)s, %(rate_limit)s,
            %(moment)s, %(until)s
        )
        """,
        key=key,
        person=person,
        name=name,
        prefix=prefix,
        key_hash=key_hash,
        scopes=scopes,
        rate_limit=rate_limit,
        moment=moment,
        until=until,
    )
    return added


def api_keys(session: TenantSession, *, page_size: int, after: UUID | None = None, only: UUID | None = None) -> list[Row]:
    return session.home.rows(
        "select * from app.api_keys(%(only)s, %(after)s, %(page_size)s)", only=only, after=after, page_size=page_size
    )


def revoke_api_key(session: TenantSession, key: UUID, *, moment: datetime) -> bool:
    revoked: bool = session.home.value("select app.revoke_api_key(%(key)s, %(moment)s)", key=key, moment=moment)
    return revoked


def find_api_key(session: Session, key_hash: bytes, *, moment: datetime) -> Row | None:
    return session.one("select * from app.find_api_key(%(key_hash)s, %(moment)s)", key_hash=key_hash, moment=moment)


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
