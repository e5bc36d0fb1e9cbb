"""A seller's reputation: read once a day, and shown with its distance to the limits."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.ownership import checked
from painelml.marketplace.sellers import queries
from painelml.marketplace.sellers.limits import LIMITS, Limits
from painelml.marketplace.sellers.models import ProfileDocument, Reputation, ReputationMetric, Transactions, read_profile

ROUNDED = 6  # what binary fractions add to a difference of rates


def find_reputation(session: TenantSession, account_id: UUID) -> Reputation:
    """Raises NotFound for an account that is not there, or that was not read yet."""
    row = queries.profile(session, account_id)
    if row is None:
        raise NotFound
    limits = LIMITS.get(row["site_id"], {})
    return Reputation(
        account_id=row["account_id"],
        level=row["level"],
        real_level=row["real_level"],
        protection_ends_at=row["protection_ends_at"],
        power_seller_status=row["power_seller_status"],
        site_status=row["site_status"],
        tags=row["tags"],
        period=row["period"],
        sales=row["sales"],
        claims=_metric(row, "claims", limits.get("claims")),
        delayed_handling_time=_metric(row, "delays", limits.get("delayed_handling_time")),
        cancellations=_metric(row, "cancellations", limits.get("cancellations")),
        transactions=Transactions(
            total=row["transactions_total"],
            completed=row["transactions_completed"],
            cancelled=row["transactions_cancelled"],
        ),
        read_at=row["read_at"],
    )


def fetch_profile(api: SellerApi) -> ProfileDocument:
    """The seller as Mercado Livre has it now."""
    asked_at = now()
    return read_profile(api.get(f"/users/{api.account.seller_id}").document, read_at=asked_at)


def apply_profiles(session: TenantSession, account: ConnectedAccount, profiles: Sequence[ProfileDocument]) -> None:
    """Writes the account's own profile, unless a later reading is held. Raises AccessRefused for another seller's."""
    for profile in profiles:
        queries.upsert_profile(session, account.id, checked(profile, account))


def _metric(row: Row, name: str, limits: Limits | None) -> ReputationMetric:
    rate = row[f"{name}_rate"]
    green, lider = (limits.green, limits.mercado_lider) if limits else (None, None)
    return ReputationMetric(
        rate=rate,
        value=row[f"{name}_value"],
        limit=green,
        distance=_distance(rate, green),
        mercado_lider_limit=lider,
        mercado_lider_distance=_distance(rate, lider),
    )


def _distance(rate: float | None, limit: float | None) -> float | None:
    return None if rate is None or limit is None else round(limit - rate, ROUNDED)
