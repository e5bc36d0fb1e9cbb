"""A seller's reputation, as clients see it and as Mercado Livre tells of it.

The seller's own name, e-mail, phone, documents and address come in the same document and are dropped here (decision 0056).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from painelml.core.wire import Moment
from painelml.marketplace.documents import Document, either, only

KEPT = (
    *("id", "nickname", "registration_date", "country_id", "site_id", "user_type", "tags", "permalink", "points"),
    *("seller_experience", "seller_reputation"),
)
KEPT_OF_STATUS = ("site_status", "required_action", "list", "sell", "billing", "immediate_payment", "mercadoenvios")


class ReputationMetric(BaseModel):
    """Rates are from 0 to 1. `distance` is what is left to `limit`, negative once past it; null where there is no limit."""

    rate: float | None
    value: int | None
    limit: float | None
    distance: float | None
    mercado_lider_limit: float | None
    mercado_lider_distance: float | None


class Transactions(BaseModel):
    """All sales that Mercado Livre counts, ever."""

    total: int | None
    completed: int | None
    cancelled: int | None


class Reputation(BaseModel):
    """How Mercado Livre rates the seller, and how far that is from the limits.

    `level` is `1_red` to `5_green`, null before enough sales; `real_level` is what it would be without the protection that ends
    at `protection_ends_at`. `power_seller_status` is MercadoLíder: `silver`, `gold`, `platinum`. `period` is what the metrics
    are counted over (60 or 365 days), and `sales` the sales in it.
    """

    account_id: UUID
    level: str | None
    real_level: str | None
    protection_ends_at: Moment | None
    power_seller_status: str | None
    site_status: str | None
    tags: list[str]
    period: str | None
    sales: int | None
    claims: ReputationMetric
    delayed_handling_time: ReputationMetric
    cancellations: ReputationMetric
    transactions: Transactions
    read_at: Moment

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account_id": "01a21315-f1ed-7da7-beea-ca72614aa9c5",
                    "level": "5_green",
                    "real_level": None,
                    "protection_ends_at": None,
                    "power_seller_status": "silver",
                    "site_status": "active",
                    "tags": ["normal"],
                    "period": "60 days",
                    "sales": 420,
                    "claims": {
                        "rate": 0.0119,
                        "value": 5,
                        "limit": 0.02,
                        "distance": 0.0081,
                        "mercado_lider_limit": None,
                        "mercado_lider_distance": None,
                    },
                    "delayed_handling_time": {
                        "rate": 0.02,
                        "value": 8,
                        "limit": 0.1,
                        "distance": 0.08,
                        "mercado_lider_limit": None,
                        "mercado_lider_distance": None,
                    },
                    "cancellations": {
                        "rate": 0.0071,
                        "value": 3,
                        "limit": 0.015,
                        "distance": 0.0079,
                        "mercado_lider_limit": 0.005,
                        "mercado_lider_distance": -0.0021,
                    },
                    "transactions": {"total": 2675, "completed": 2600, "cancelled": 75},
                    "read_at": "2026-11-25T06:00:00.000Z",
                }
            ]
        }
    )


class ProfileDocument(Document):
    """GET /users/{id} with the seller's own token. It bears no update stamp, so `read_at`, when it was asked for, is one."""

    id: int
    site_status: str | None = Field(None, validation_alias=either("status.site_status"))
    tags: list[str] | None = None
    level: str | None = Field(None, validation_alias=either("seller_reputation.level_id"))
    real_level: str | None = Field(None, validation_alias=either("seller_reputation.real_level"))
    protection_ends_at: AwareDatetime | None = Field(None, validation_alias=either("seller_reputation.protection_end_date"))
    power_seller_status: str | None = Field(None, validation_alias=either("seller_reputation.power_seller_status"))
    total: int | None = Field(None, validation_alias=either("seller_reputation.transactions.total"))
    completed: int | None = Field(None, validation_alias=either("seller_reputation.transactions.completed"))
    cancelled: int | None = Field(None, validation_alias=either("seller_reputation.transactions.canceled"))
    period: str | None = Field(None, validation_alias=either("seller_reputation.metrics.sales.period"))
    sales: int | None = Field(None, validation_alias=either("seller_reputation.metrics.sales.completed"))
    claims_rate: float | None = Field(None, validation_alias=either("seller_reputation.metrics.claims.rate"))
    claims_value: int | None = Field(None, validation_alias=either("seller_reputation.metrics.claims.value"))
    delays_rate: float | None = Field(None, validation_alias=either("seller_reputation.metrics.delayed_handling_time.rate"))
    delays_value: int | None = Field(None, validation_alias=either("seller_reputation.metrics.delayed_handling_time.value"))
    cancellations_rate: float | None = Field(None, validation_alias=either("seller_reputation.metrics.cancellations.rate"))
    cancellations_value: int | None = Field(None, validation_alias=either("seller_reputation.metrics.cancellations.value"))
    read_at: AwareDatetime
    raw: dict[str, Any]

    @property
    def seller_id(self) -> int:
        return self.id


def read_profile(document: dict[str, Any], *, read_at: datetime) -> ProfileDocument:
    """Raises pydantic.ValidationError for a document without what a profile needs."""
    kept = only(document, *KEPT)
    if isinstance(document.get("status"), dict):
        kept["status"] = only(document["status"], *KEPT_OF_STATUS)
    return ProfileDocument.model_validate({**document, "read_at": read_at, "raw": kept})
