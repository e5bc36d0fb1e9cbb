"""A topic that spoke and fell silent is noticed; one that never spoke, or that speaks, is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from lambdas.missed_feeds.handler import handler as missed_feeds
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core.clock import now
from painelml.core.secrets import secret
from painelml.webhooks import pulse
from tests.http import Context
from tests.people import sign_up
from tests.queues import invoke, record
from tests.sellers import connect, notification
from tests.servers import Database
from tests.simulator import Simulator


@pytest.fixture
def admin(platform: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        connection.execute("delete from directory.topic_pulse")
        yield connection


@pytest.mark.req("B028")
def test_a_silent_topic_is_counted_and_named(
    sim: Simulator, admin: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    seller = sim.seller(items=3)
    connect(sign_up(), sim, seller)
    attributes = {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}
    body = notification(seller, "/orders/2000011800000001", _id=str(uuid4()))
    assert invoke(webhook_worker, record(body, attributes=attributes)) == []
    assert missed_feeds({}, Context())["silent"] == []
    admin.execute("update directory.topic_pulse set heard_at = heard_at - %s", [pulse.SILENCE["orders_v2"]])
    capsys.readouterr()
    assert missed_feeds({}, Context())["silent"] == ["orders_v2"]
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["TopicsSilent"] for line in printed if "TopicsSilent" in line] == [1]
    assert invoke(webhook_worker, record({**body, "_id": str(uuid4())}, attributes=attributes)) == []
    assert missed_feeds({}, Context())["silent"] == [], "it speaks again"


def test_strangers_do_not_keep_a_topic_alive(sim: Simulator, admin: psycopg.Connection) -> None:
    attributes = {"source": "mercado-livre", "path_token": "guessed"}
    invoke(webhook_worker, record(notification(1, "/orders/2000011800000001"), attributes=attributes))
    assert admin.execute("select count(*) from directory.topic_pulse").fetchone() == (0,)


def test_a_topic_given_up_on_purpose_is_let_be(admin: psycopg.Connection, platform: Database) -> None:
    admin.execute("insert into directory.topic_pulse values ('items', now() - %s::interval)", [pulse.FORGOTTEN])
    assert pulse.silent(now()) == []
    assert pulse.silent(now() - timedelta(days=1)) == ["items"]
