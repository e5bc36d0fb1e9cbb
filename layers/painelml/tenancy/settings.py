"""Settings of a tenant, and of each Mercado Livre account (B007): what is not set is inherited, account ← tenant ← ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field

from painelml.audit import AuditEvent, record
from painelml.core.db import ForeignKeyViolation, TenantSession
from painelml.core.errors import NotFound
from painelml.core.fields import Order
from painelml.tenancy import queries


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("Input should be an IANA time zone, such as America/Sao_Paulo")
    return name


TimeZone = Annotated[str, Field(max_length=60), AfterValidator(_known_zone)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]


class Settings(BaseModel):
    """What holds now. `inherited` names the fields that were not set here."""

    time_zone: str = "America/Sao_Paulo"
    language: Literal["pt-BR", "en"] = "pt-BR"
    currency: str = "BRL"
    sync_orders: bool = True
    sync_items: bool = True
    sync_questions: bool = True
    inherited: list[str] = []


class SettingsChanges(Order):
    """What is absent stays; null lets it be inherited again."""

    time_zone: TimeZone | None = None
    language: Literal["pt-BR", "en"] | None = None
    currency: Currency | None = None
    sync_orders: bool | None = None
    sync_items: bool | None = None
    sync_questions: bool | None = None


FIELDS = tuple(SettingsChanges.model_fields)
SWITCHES: dict[str, str | None] = {
    "items": "sync_items",
    "orders": "sync_orders",
    "shipments": "sync_orders",
    "claims": "sync_orders",
    "billing": "sync_orders",
    "reconcile": "sync_orders",
    "questions": "sync_questions",
    "messages": "sync_questions",
    "seller": None,
}
"""The switch of each scope of a sync. What the seller is needs none: one call a day, without which nothing else makes sense."""


def of_tenant(session: TenantSession) -> Settings:
    return _effective(queries.settings(session))


def change_tenants(session: TenantSession, actor: UUID, changes: SettingsChanges) -> Settings:
    queries.save_settings(session, _merged(queries.settings(session), changes))
    record(session, AuditEvent.SETTINGS_CHANGED, actor=actor, subject="tenant")
    return of_tenant(session)


def of_account(session: TenantSession, account_id: UUID) -> Settings:
    """An account's; the caller has made sure that it is there."""
    return _effective(queries.account_settings(session, account_id), queries.settings(session))


def change_accounts(session: TenantSession, actor: UUID, account_id: UUID, changes: SettingsChanges) -> Settings:
    """Raises NotFound for an account that the tenant has not."""
    merged = _merged(queries.account_settings(session, account_id), changes)
    try:
        queries.save_account_settings(session, account_id, merged)
    except ForeignKeyViolation:
        raise NotFound from None
    record(session, AuditEvent.SETTINGS_CHANGED, actor=actor, subject=str(account_id))
    return of_account(session, account_id)


def wants_sync(session: TenantSession, account_id: UUID, scope: str) -> bool:
    """Whether the account's scope is switched on. Raises KeyError for a scope without a row in SWITCHES."""
    switch = SWITCHES[scope]
    return switch is None or bool(getattr(of_account(session, account_id), switch))


def _merged(held: dict[str, Any] | None, changes: SettingsChanges) -> dict[str, Any]:
    return dict.fromkeys(FIELDS) | (held or {}) | changes.model_dump(exclude_unset=True)


def _effective(*levels: dict[str, Any] | None) -> Settings:
    """The nearest level that says something; the first is the one asked about."""
    own = levels[0] or {}
    said = {
        name: value
        for name in FIELDS
        if (value := next((level[name] for level in levels if level and level[name] is not None), None)) is not None
    }
    return Settings(**said, inherited=[name for name in FIELDS if own.get(name) is None])
