"""A seller's profile: what is read of it, and what is not kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from painelml.marketplace.sellers.models import read_profile
from painelml.marketplace.sellers.service import _distance

READ_AT = datetime(2026, 11, 25, 6, tzinfo=UTC)
METRIC = {"period": "60 days", "rate": 0.0119, "value": 5, "excluded": {"real_value": 6, "real_rate": 0.0143}}
USER: dict[str, Any] = {
    "id": 1482301177,
    "nickname": "LOJA_EXEMPLO",
    "registration_date": "2020-01-01T00:00:00.000-04:00",
    "first_name": "Fulana",
    "last_name": "Sobrenome",
    "country_id": "BR",
    "email": "fulana@example.com",
    "identification": {"type": "CPF", "number": "19119119100"},
    "address": {"address": "Rua das Palmeiras 100", "zip_code": "01226010"},
    "phone": {"area_code": "11", "number": "40028922"},
    "alternative_phone": {"number": "40028923"},
    "company": {"corporate_name": "Fulana Sobrenome ME"},
    "user_type": "normal",
    "tags": ["normal", "user_product_seller"],
    "site_id": "MLB",
    "permalink": "http://perfil.mercadolivre.com.br/LOJA_EXEMPLO",
    "seller_experience": "ADVANCED",
    "seller_reputation": {
        "level_id": "5_green",
        "power_seller_status": "gold",
        "real_level": "3_yellow",
        "protection_end_date": "2026-12-31T00:00:00.000-04:00",
        "transactions": {"period": "historic", "total": 2675, "completed": 2600, "canceled": 75, "ratings": {}},
        "metrics": {
            "sales": {"period": "60 days", "completed": 420},
            "claims": METRIC,
            "delayed_handling_time": {**METRIC, "rate": 0.02, "value": 8},
            "cancellations": {**METRIC, "rate": 0.0071, "value": 3},
        },
    },
    "status": {"site_status": "active", "list": {"allow": True, "codes": []}, "email": "fulana@example.com"},
    "credit": {"consumed": 100},
}


def test_reputation_is_read() -> None:
    profile = read_profile(USER, read_at=READ_AT)
    assert (profile.seller_id, profile.level, profile.real_level) == (1482301177, "5_green", "3_yellow")
    assert (profile.power_seller_status, profile.site_status) == ("gold", "active")
    assert (profile.claims_rate, profile.claims_value, profile.delays_rate, profile.cancellations_value) == (0.0119, 5, 0.02, 3)
    assert (profile.period, profile.sales, profile.total, profile.cancelled) == ("60 days", 420, 2675, 75)


@pytest.mark.req("D008")
def test_who_the_seller_is_is_not_kept() -> None:
    kept = json.dumps(read_profile(USER, read_at=READ_AT).raw)
    told = ("Fulana", "Sobrenome", "fulana@", "19119119100", "Palmeiras", "4002892", "consumed")
    assert [word for word in told if word in kept] == []
    assert "real_rate" in kept and "site_status" in kept


@pytest.mark.parametrize("reputation", [None, {}, {"level_id": None, "metrics": {}, "transactions": {}}])
def test_a_new_seller_has_no_reputation_yet(reputation: Any) -> None:
    profile = read_profile({**USER, "seller_reputation": reputation}, read_at=READ_AT)
    assert (profile.level, profile.claims_rate, profile.sales) == (None, None, None)


def test_a_profile_of_nobody_is_refused() -> None:
    with pytest.raises(ValidationError):
        read_profile({}, read_at=READ_AT)


@pytest.mark.parametrize(
    ("rate", "limit", "distance"), [(0.0119, 0.02, 0.0081), (0.0071, 0.005, -0.0021), (None, 0.02, None), (0.1, None, None)]
)
def test_the_distance_to_a_limit_is_exact(rate: float | None, limit: float | None, distance: float | None) -> None:
    assert _distance(rate, limit) == distance
