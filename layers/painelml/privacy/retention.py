"""How long anything is kept: one table, which docs/privacy.md prints and the daily clean-up enforces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from painelml.core.clock import now
from painelml.core.db import TenantSession
from painelml.privacy import queries

EXPORTS = timedelta(days=30)  # the files go by the data bucket's life-cycle rule, which a test compares


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`tables` of the database. `days` None: as long as the tenant is. `prune` is the clean-up's name for it."""

    what: str
    tables: tuple[str, ...]
    days: int | None
    why: str
    prune: str = ""


# Titles as docs/privacy.md prints them. Everything here but the last four goes with an erasure, whatever its age.
TABLE: tuple[Kept, ...] = (
    Kept(
        what="Company, people, memberships",
        tables=("directory.tenants", "directory.users", "directory.memberships"),
        days=None,
        why="the contract",
    ),
    Kept(
        what="Settings, and how the tenant was opened",
        tables=(
            "app.settings",
            "app.ml_account_settings",
            "directory.provisioning_runs",
            "directory.provisioning_steps",
        ),
        days=None,
        why="the contract",
    ),
    Kept(
        what="Second factors, recovery codes, API keys, invitations",
        tables=("directory.totp", "directory.recovery_codes", "directory.api_keys", "directory.invitations"),
        days=None,
        why="the contract; hashes and sealed values only",
    ),
    Kept(
        what="Links to verify an e-mail or choose a new password",
        tables=("directory.account_tokens",),
        days=0,
        why="of no use once over; hashes only",
        prune="account_tokens",
    ),
    Kept(
        what="Subscription, agreed limits, use of the plan",
        tables=("directory.subscriptions", "directory.subscription_items", "directory.agreed_limits", "app.usage_counters"),
        days=None,
        why="the contract",
    ),
    Kept(what="Sessions", tables=("directory.sessions",), days=0, why="of no use once over", prune="sessions"),
    Kept(
        what="Mercado Livre accounts, tokens, routes and schedules",
        tables=(
            "app.ml_accounts",
            "app.ml_account_tokens",
            "directory.seller_routes",
            "directory.account_schedules",
        ),
        days=None,
        why="the contract; tokens and routes go when the account is disconnected",
    ),
    Kept(
        what="Shipments; of who receives them the zip code, city and state alone",
        tables=("app.shipments", "app.shipment_orders"),
        days=None,
        why="the contract",
    ),
    Kept(
        what="Reputation of sellers; of who they are nothing that is not public",
        tables=("app.seller_profiles",),
        days=None,
        why="the contract",
    ),
    Kept(
        what="Payments, without cards and payers",
        tables=("app.payments",),
        days=None,
        why="the contract",
    ),
    Kept(
        what="Items, orders, syncs",
        tables=("app.items", "app.orders", "app.order_items", "app.sync_runs"),
        days=None,
        why="the contract",
    ),
    Kept(
        what="Work that waits for its turn",
        tables=("app.jobs", "app.lanes"),
        days=None,
        why="goes when it is done; holds ids only",
    ),
    Kept(what="Consents that were begun", tables=("directory.oauth_states",), days=1, why="of use for ten minutes"),
    Kept(
        what="Mercado Livre's notifications",
        tables=("app.notifications",),
        days=30,
        why="to look into what went wrong",
        prune="notifications",
    ),
    Kept(
        what="Which notification had its effect",
        tables=("app.inbox_events", "app.outbox_events", "app.refetches"),
        days=None,
        why="keeps an old version from having its effect again; holds ids only",
    ),
    Kept(
        what="Refused notifications",
        tables=("directory.webhook_rejections",),
        days=30,
        why="to look into attacks",
        prune="webhook_rejections",
    ),
    Kept(
        what="Our payment provider's events",
        tables=("directory.provider_events",),
        days=90,
        why="disputes",
        prune="provider_events",
    ),
    Kept(
        what="Answers kept for Idempotency-Key",
        tables=("app.idempotency_keys",),
        days=1,
        why="a retry comes soon",
        prune="idempotency_keys",
    ),
    Kept(what="Exports", tables=("app.exports",), days=EXPORTS.days, why="to be fetched", prune="exports"),
    Kept(
        what="Audit log",
        tables=("app.audit_log", "directory.audit_heads"),
        days=None,
        why="accountability (LGPD art. 6 X, 37); holds ids only, and outlives an erasure",
    ),
    Kept(
        what="Published plans",
        tables=("directory.catalogues", "directory.plans", "directory.plan_limits"),
        days=None,
        why="what was agreed; nobody's data",
    ),
    Kept(
        what="When each of Mercado Livre's topics was last heard",
        tables=("directory.topic_pulse",),
        days=None,
        why="to notice one that fell silent; nobody's data",
    ),
    Kept(
        what="Databases that tenants are placed in",
        tables=("directory.placements",),
        days=None,
        why="names of databases and secrets, made of ids",
    ),
    Kept(
        what="Tombstones of erased tenants",
        tables=("directory.tombstones",),
        days=None,
        why="every restore replays them; holds an id and counts",
    ),
)


def prune_exports(session: TenantSession) -> int:
    """Marks exports whose files are gone, inside each tenant."""
    return queries.expire_exports(session, before=now() - EXPORTS)


def as_markdown() -> str:
    """The table of docs/privacy.md."""
    lines = ["| what | kept | why | tables |", "|---|---|---|---|"]
    for kept in TABLE:
        period = "as long as the tenant" if kept.days is None else "until over" if kept.days == 0 else f"{kept.days} d"
        lines.append(f"| {kept.what} | {period} | {kept.why} | {', '.join(f'`{table}`' for table in kept.tables)} |")
    return "\n".join(lines)
