"""The rate limit against real Valkey: GCRA's law on an injected clock, plans that differ, and the day that Valkey is gone."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painelml.core import cache as caches
from painelml.core import rate_limit
from painelml.core.cache import cache
from painelml.core.caller import Caller
from painelml.core.config import config
from painelml.core.db import tenant_session
from painelml.core.gcra import Bucket, InProcess, Verdict
from painelml.core.migrate import owner_session
from painelml.core.rate_limit import MICRO, WINDOW_SECONDS, bucket_of, forget_limits, judge
from painelml.identity import service as people
from painelml.identity.models import NewPlatformUser
from painelml.plans import service as plans
from painelml.plans.models import SubscriptionChanges
from tests import servers
from tests.http import Answer, call, gateway
from tests.people import PASSWORD, Person, sign_up, stranger, tenant_of, unique_email
from tests.platform import tell
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")

START = 1_700_000_000 * MICRO
WINDOW = WINDOW_SECONDS * MICRO


def read_tenant(person: Person) -> Answer:
    return call(gateway, "GET", "/tenant", token=person.access_token)


def tell_limits(tenant_id: UUID, **limits: int) -> None:
    """Puts limits beside the buckets, as if the tenant's plan said so."""
    for bucket, limit in limits.items():
        cache().hset(rate_limit._limits_key(tenant_id), bucket, str(limit))


def ask(tenant_id: UUID, now_us: int, bucket: Bucket = "api") -> Verdict:
    verdict = judge(tenant_id, bucket, now_us=now_us)
    assert verdict is not None
    return verdict


@pytest.fixture
def gone() -> Generator[None]:
    """A Valkey of this test's own, which is killed; the session's own comes back after it."""
    kept = config().require("cache_url")
    with servers.valkey() as url:
        tell(PAINEL_CACHE_URL=url)
        caches.cache.cache_clear()
        assert cache().ping()
    try:
        yield
    finally:
        tell(PAINEL_CACHE_URL=kept)
        caches.cache.cache_clear()
        caches.outage.end()
        rate_limit._local = InProcess()


# The law --------------------------------------------------------------------------------------------------------------------


@pytest.mark.req("D045", "K14")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.sampled_from([1, 3, 7, 10, 100]),
    gaps=st.lists(st.one_of(st.just(0), st.integers(0, WINDOW // 50), st.integers(0, 2 * WINDOW)), min_size=1, max_size=60),
)
def test_no_window_ever_holds_more_than_limit_and_burst(limit: int, gaps: list[int]) -> None:
    tenant_id = uuid4()
    tell_limits(tenant_id, api=limit)
    moments = list(accumulate(gaps, initial=START))
    admitted = [moment for moment in moments if ask(tenant_id, moment).allowed]
    burst = limit
    for first in range(len(admitted)):
        inside = [moment for moment in admitted[first:] if moment < admitted[first] + WINDOW]
        assert len(inside) <= limit + burst
    assert admitted[0] == START


@pytest.mark.req("D045")
@settings(max_examples=40, deadline=None)
@given(limit=st.sampled_from([1, 3, 7, 10, 100]), waited=st.integers(0, WINDOW + WINDOW // 2))
def test_refill_is_exact(limit: int, waited: int) -> None:
    """After a full burst, as many calls pass as whole intervals have gone by; one µs less and it is one fewer."""
    tenant_id, interval = uuid4(), -(-WINDOW // limit)
    tell_limits(tenant_id, api=limit)
    assert all(ask(tenant_id, START).allowed for _ in range(limit))
    refused = ask(tenant_id, START)
    assert (refused.allowed, refused.remaining, refused.retry_seconds) == (False, 0, -(-interval // MICRO))
    passed = sum(ask(tenant_id, START + waited).allowed for _ in range(limit + 1))
    assert passed == min(limit, waited // interval)


def test_the_answer_counts_down_and_says_when_the_bucket_is_full() -> None:
    tenant_id = uuid4()
    tell_limits(tenant_id, api=3)
    seen = [ask(tenant_id, START) for _ in range(4)]
    assert [(verdict.allowed, verdict.remaining, verdict.reset_seconds) for verdict in seen] == [
        (True, 2, 300),
        (True, 1, 600),
        (True, 0, 900),
        (False, 0, 900),
    ]


@pytest.mark.req("D045")
def test_fifty_at_once_do_not_pass_the_limit() -> None:
    tenant_id = uuid4()
    tell_limits(tenant_id, api=20)
    with ThreadPoolExecutor(50) as pool:
        allowed = list(pool.map(lambda _: ask(tenant_id, START).allowed, range(50)))
    assert sum(allowed) == 20


@pytest.mark.req("K33", "K14")
@settings(max_examples=60, deadline=None)
@given(plan=st.integers(1, 8), own=st.integers(1, 8), by_key=st.lists(st.booleans(), min_size=1, max_size=25))
def test_a_key_passes_neither_its_own_limit_nor_the_plans(plan: int, own: int, by_key: list[bool]) -> None:
    """Calls at one moment, some by the key and some by another of the tenant's; a refused call is taken from no bucket."""
    tenant_id = uuid4()
    tell_limits(tenant_id, api=plan)
    left, left_of_key = plan, own
    for is_key in by_key:
        verdict = judge(tenant_id, "api", key_id="one", key_limit=own if is_key else 0, now_us=START)
        assert verdict is not None
        expected = left > 0 and (not is_key or left_of_key > 0)
        assert verdict.allowed is expected
        if expected:
            left, left_of_key = left - 1, left_of_key - is_key
        if is_key:
            assert verdict.remaining == max(0, min(left, left_of_key))


@pytest.mark.req("K33")
def test_a_key_has_its_limit_where_the_plan_has_none() -> None:
    tenant_id = uuid4()
    tell_limits(tenant_id, api=-1)
    asked = [judge(tenant_id, "api", key_id="one", key_limit=2, now_us=START) for _ in range(3)]
    assert [(verdict.allowed, verdict.bucket, verdict.limit) for verdict in asked if verdict] == [
        (True, "key", 2),
        (True, "key", 2),
        (False, "key", 2),
    ]
    assert judge(tenant_id, "api", key_id="another", now_us=START) is None


@pytest.mark.req("K33", "K14")
def test_a_key_with_a_limit_is_judged_by_one_call_of_one_script() -> None:
    tenant_id = uuid4()
    tell_limits(tenant_id, api=9)
    judge(tenant_id, "api", key_id="one", key_limit=2)
    with patch.object(type(cache()), "execute_command", autospec=True, side_effect=type(cache()).execute_command) as sent:
        judge(tenant_id, "api", key_id="one", key_limit=2)
    assert [called.args[1] for called in sent.call_args_list] == ["EVALSHA"]


def test_a_tenants_keys_lie_together_and_carry_its_id() -> None:
    tenant_id = uuid4()
    tell_limits(tenant_id, api=5)
    ask(tenant_id, START)
    keys = [rate_limit._limits_key(tenant_id), f"{{{tenant_id}}}:rate:api"]
    assert cache().exists(*keys) == 2
    assert all(key.startswith(f"{{{tenant_id}}}:") for key in keys), "one hash tag, so one shard"


def test_an_unlimited_bucket_is_not_counted() -> None:
    tenant_id = uuid4()
    tell_limits(tenant_id, api=-1)
    assert judge(tenant_id, "api") is None


# Through the API ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("K14")
@pytest.mark.parametrize(
    ("method", "path", "key_id", "bucket"),
    [
        ("GET", "/v1/orders", None, "pages"),
        ("PATCH", "/v1/tenant", None, "pages"),
        ("GET", "/v1/orders", "a key", "api"),
        ("POST", "/v1/conversations/0193/messages", None, "api"),
        ("GET", "/v1/conversations/0193/messages", None, "pages"),
    ],
)
def test_page_reads_are_told_from_calls(method: str, path: str, key_id: str | None, bucket: Bucket) -> None:
    asking = Caller(tenant_id=uuid4(), user_id=uuid4(), session_id=uuid4(), role="OWNER", key_id=key_id or "")
    assert bucket_of({"httpMethod": method, "path": path}, asking) == bucket


@pytest.mark.req("D045", "K14")
def test_every_answer_says_what_is_left() -> None:
    owner = sign_up()
    first, second = read_tenant(owner), read_tenant(owner)
    assert [answer.headers["ratelimit-limit"] for answer in (first, second)] == ["1500", "1500"]
    assert [answer.headers["ratelimit-remaining"] for answer in (first, second)] == ["1499", "1498"]
    assert first.headers["ratelimit-policy"] == '"pages";q=1500;w=900'
    assert second.headers["ratelimit"] == '"pages";r=1498;t=2'
    assert "ratelimit-limit" not in call(gateway, "GET", "/health").headers


@pytest.mark.req("D045", "A145")
def test_a_refusal_is_a_problem_that_names_the_plans_limit() -> None:
    owner = sign_up()
    tell_limits(tenant_of(owner), pages=2, api=2)
    assert [read_tenant(owner).status for _ in range(2)] == [200, 200]
    refused = read_tenant(owner)
    assert (refused.status, refused.json["code"], refused.json["limit"]) == (429, "rate_limited", 2)
    assert (refused.json["bucket"], refused.json["window_seconds"], refused.json["upgrade"]) == ("pages", 900, "/billing/plans")
    assert (refused.headers["retry-after"], refused.json["retry_after"]) == ("450", 450)
    assert refused.headers["ratelimit-remaining"] == "0"
    assert read_tenant(sign_up()).status == 200


@pytest.mark.req("D077", "K14", "D045")
def test_limits_differ_by_plan_starter_and_enterprise(platform: Database) -> None:
    with owner_session() as session:
        wanted = NewPlatformUser.model_validate(
            {"email": unique_email("master"), "name": "Gente", "password": PASSWORD, "platform_role": "MASTER"}
        )
        master = people.create_platform_user(session, wanted)
    passed = {}
    for plan in ("atendimento.starter", "atendimento.enterprise"):
        tenant_id = tenant_of(sign_up())
        with tenant_session(tenant_id) as session:
            plans.change_subscription(session, master, SubscriptionChanges(plans=[plan]))
        forget_limits(tenant_id)
        passed[plan] = sum(ask(tenant_id, START).allowed for _ in range(1_010))
    assert passed == {"atendimento.starter": 100, "atendimento.enterprise": 1_000}


def test_a_change_of_plan_counts_from_the_next_call_on() -> None:
    tenant_id = stranger().tenant_id
    assert ask(tenant_id, START).limit == 100
    tell_limits(tenant_id, api=500)
    assert ask(tenant_id, START).limit == 500
    forget_limits(tenant_id)
    assert ask(tenant_id, START).limit == 100


# Without Valkey -------------------------------------------------------------------------------------------------------------


@pytest.mark.req("K14")
@pytest.mark.usefixtures("gone")
def test_without_valkey_the_api_goes_on_with_a_small_allowance_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    owner = sign_up()
    with patch.dict(rate_limit.LOCAL_ALLOWANCE, pages=3):
        statuses = [read_tenant(owner).status for _ in range(4)]
        other = read_tenant(sign_up()).status
    assert (statuses, other) == ([200, 200, 200, 429], 200)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    counted = [line for line in lines if line.get("RateLimitLocal") == 1]
    assert len(counted) == 5
    assert counted[0]["bucket"] == "pages"
    assert counted[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["bucket"]]


@pytest.mark.req("K33")
@pytest.mark.usefixtures("gone")
def test_without_valkey_a_keys_own_limit_still_holds() -> None:
    tenant_id = uuid4()
    asked = [judge(tenant_id, "api", key_id="one", key_limit=30) for _ in range(3)]
    assert [(verdict.allowed, verdict.bucket, verdict.limit) for verdict in asked if verdict] == [
        (True, "key", 2),
        (True, "key", 2),
        (False, "key", 2),
    ]
    other = judge(tenant_id, "api", key_id="another")
    assert other is not None
    assert (other.allowed, other.remaining) == (True, 7), "what the key was refused is not taken from the tenant"


@pytest.mark.usefixtures("gone")
def test_a_change_of_plan_survives_the_loss_of_valkey() -> None:
    forget_limits(uuid4())
