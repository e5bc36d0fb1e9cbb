"""The published catalogue: every number of the nine plans, as the requirements have it (A078–A081, D037–D039, D051–D055)."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from painelml.plans.models import Entitlement

CATALOGUE = json.loads((files("painelml.plans") / "catalogue" / "2026-11.json").read_text(encoding="utf-8"))
PLANS: dict[str, dict[str, Any]] = {plan["code"]: plan for plan in CATALOGUE["plans"]}
U = None  # unlimited, or on request
# code: accounts, agents, conversations, messages, GB, calls and page reads per 15 min; R$ and US$ a month in cents
TABLE: dict[str, tuple[list[int | None], tuple[int | None, int | None]]] = {
    "painel.free": ([1, 3, 0, 0, 1, 100, 1_500], (0, 0)),
    "painel.basic": ([3, 3, 0, 0, 5, 200, 3_000], (14_900, 2_900)),
    "painel.pro": ([10, 10, 0, 0, 25, 500, 6_000], (49_700, 9_900)),
    "painel.enterprise": ([U, U, 0, 0, 500, 1_000, 15_000], (U, U)),
    "atendimento.starter": ([1, 3, 1_000, 10_000, 5, 100, 1_500], (19_700, 3_900)),
    "atendimento.professional": ([3, 10, 10_000, 100_000, 25, 300, 3_000], (49_700, 9_900)),
    "atendimento.business": ([10, 25, 50_000, 500_000, 100, 600, 6_000], (99_700, 19_900)),
    "atendimento.enterprise": ([U, U, U, U, 500, 1_000, 15_000], (U, U)),
    "atendimento.white_label": ([10, 10, 1_000, 10_000, 10, 1_000, 15_000], (299_700, 59_900)),
}


@pytest.mark.req("K07", "A077", "A078", "A079", "A080", "A081", "D056")
def test_the_two_lines_have_these_nine_plans() -> None:
    assert list(PLANS) == list(TABLE)


@pytest.mark.req("K08", "A077", "D037", "D038", "D039", "D045", "D051", "D052", "D053", "D054", "D055", "K14", "K37", "K38")
@pytest.mark.parametrize("code", TABLE)
def test_one_table_gives_every_limit(code: str) -> None:
    assert PLANS[code]["limits"] == dict(zip(map(str, Entitlement), TABLE[code][0], strict=True))


@pytest.mark.req("A078", "A079", "A080", "A081", "D051", "D052", "D053", "D054", "D055", "D057", "D058", "K10")
@pytest.mark.parametrize("code", TABLE)
def test_every_plan_has_its_price_in_both_currencies_and_cycles(code: str) -> None:
    prices = {(price["currency"], price["cycle"]): price["amount"] for price in PLANS[code]["prices"]}
    assert len(PLANS[code]["prices"]) == 4
    for currency, month in zip(("BRL", "USD"), TABLE[code][1], strict=True):
        assert prices[currency, "monthly"] == month
        assert prices[currency, "yearly"] == (None if month is None else month * 10)
    assert {price["is_from"] for price in PLANS[code]["prices"]} == {code == "atendimento.white_label"}


@pytest.mark.parametrize("code", TABLE)
def test_trial_grace_and_retries_are_data(code: str) -> None:
    plan = PLANS[code]
    assert (plan["trial_days"], plan["grace_days"], plan["retry_days"]) == (14, 7, [1, 3, 5, 7])


@pytest.mark.req("K36")
def test_only_the_scripts_names_are_aliases() -> None:
    aliases = {alias: plan["code"] for plan in CATALOGUE["plans"] for alias in plan["aliases"]}
    assert aliases == {"basic": "painel.basic", "pro": "painel.pro", "enterprise": "painel.enterprise"}


@pytest.mark.parametrize("code", TABLE)
def test_rates_divide_their_window_so_that_refill_is_exact(code: str) -> None:
    limits = PLANS[code]["limits"]
    assert all(900_000_000 % limits[rate] == 0 for rate in ("rate_limit_15m", "page_reads_15m"))
