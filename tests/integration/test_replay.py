"""Replay: what is stored is acted upon again, only what was asked for, and nothing on a dry run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from lambdas.operations.handler import handler as operations
from lambdas.sales.handler import handler as sales
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core.clock import now, rfc3339
from painelml.core.secrets import secret
from tests.http import Context, call
from tests.people import Person, sign_up
from tests.queues import drain, invoke, receive, record
from tests.sellers import connect_and_sync, notification
from tests.servers import Database
from tests.simulator import Simulator


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


@pytest.fixture
def order_id(sim: Simulator, person: Person, platform: Database) -> int:
    """An order whose notification is stored, and whose job got lost with its row."""
    seller = sim.seller(items=3)
    connect_and_sync(person, sim, seller)
    made = sim.order(seller)
    attributes = {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}
    body = notification(seller, f"/orders/{made}", _id=f"replayed-{made}")
    assert invoke(webhook_worker, record(body, attributes=attributes)) == []
    assert len(receive("jobs")) == 1
    with psycopg.connect(platform.superuser_url) as admin:
        for table in ("refetches", "jobs", "lanes"):
            admin.execute(f"delete from app.{table}")
    return made


def replay(**conditions: Any) -> dict[str, Any]:
    answer: dict[str, Any] = operations({"verb": "webhooks-replay", "args": conditions}, Context())
    return answer


def is_readable(person: Person, order_id: int) -> bool:
    return call(sales, "GET", f"/orders/{order_id}", caller=person.caller).status == 200


@pytest.mark.parametrize("by", ["id", "tenant", "topic", "time", "everything"])
def test_a_notification_is_found_by_each_condition(person: Person, order_id: int, by: str) -> None:
    conditions: dict[str, dict[str, str]] = {
        "id": {"notification": f"replayed-{order_id}"},
        "tenant": {"tenant": str(person.caller.tenant_id)},
        "topic": {"topic": "orders_v2", "tenant": str(person.caller.tenant_id)},
        "time": {"since": rfc3339(now() - timedelta(minutes=5)), "tenant": str(person.caller.tenant_id)},
        "everything": {"state": "all", "notification": f"replayed-{order_id}"},
    }
    assert replay(**conditions[by]) == {"tenants": 1, "matched": 1, "resources": 1, "jobs": 1}
    drain("jobs", sync_worker)
    assert is_readable(person, order_id)


def test_what_had_its_effect_is_left_alone_unless_it_is_asked_for(person: Person, order_id: int) -> None:
    mine = {"tenant": str(person.caller.tenant_id)}
    replay(**mine)
    drain("jobs", sync_worker)
    assert replay(**mine)["matched"] == 0
    assert replay(**mine, state="handled")["jobs"] == 1


def test_a_dry_run_counts_and_sends_nothing(person: Person, order_id: int) -> None:
    told = replay(tenant=str(person.caller.tenant_id), dry_run=True)
    assert (told["matched"], told["resources"], told["jobs"]) == (1, 1, 0)
    assert receive("jobs") == []
    assert not is_readable(person, order_id)


@pytest.mark.parametrize(
    "conditions",
    [
        {"since": rfc3339(now() + timedelta(days=1))},
        {"until": rfc3339(now() - timedelta(days=1))},
        {"notification": "another"},
        {"topic": "items"},
    ],
    ids=["since", "until", "id", "topic"],
)
def test_what_does_not_fit_is_not_replayed(person: Person, order_id: int, conditions: dict[str, str]) -> None:
    assert replay(tenant=str(person.caller.tenant_id), **conditions)["matched"] == 0


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"topic": "weather"}, "choose one of"),
        ({"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, "must be after since"),
        ({"tenant": "abc"}, "uuid"),
        ({"since": "yesterday"}, "datetime"),
        ({"everything": True}, "not permitted"),
    ],
)
def test_a_wrong_condition_is_told(platform: Database, conditions: dict[str, Any], told: str) -> None:
    answer = replay(**conditions)
    assert answer["error"]["code"] == "invalid_request"
    assert told in answer["error"]["detail"].lower()


def test_a_tenant_that_is_not_there_is_told(platform: Database) -> None:
    assert replay(tenant=str(uuid4()))["error"]["code"] == "not_found"
