"""The running system: what a notification's way in costs with and without a function, and how long `painel up` takes."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import requests

from tests.bench.result import Result, percentile
from tests.system import System, painel

REQUESTS, CLIENTS, COLD_ROUNDS = 1_500, 8, 5
NOTIFICATION = json.dumps({"resource": "/orders/2000000000000001", "user_id": 1, "topic": "orders_v2", "application_id": 1})
EVENT = '{"id": "evt_bench", "object": "event", "type": "invoice.paid", "livemode": false}'
Post = Callable[[requests.Session], int]


def run() -> Iterator[Result]:
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            yield from _starts(home)
            system = System(home=home, endpoints=json.loads((home / "endpoints.json").read_text()))
            yield from _intake(system)
        finally:
            painel(home, "down", check=False)


def _starts(home: Path) -> Iterator[Result]:
    first = _timed(lambda: painel(home, "up"))
    running = _timed(lambda: painel(home, "up"))
    painel(home, "down")
    again = _timed(lambda: painel(home, "up"))
    yield Result(name="up.first", what="the first `make up` after set-up, demo shop included", value=round(first, 1), unit="s")
    for name, what, seconds, goal in (
        ("up.after_down", "`make up` after `make down`", again, 20),
        ("up.running", "`make up` on a running system", running, 5),
    ):
        yield Result(
            name=name,
            what=what,
            value=round(seconds, 1),
            unit="s",
            baseline=round(first, 1),
            ratio=round(first / seconds, 1),
            goal=f"at most {goal} s",
            holds=seconds <= goal,
        )


def _intake(system: System) -> Iterator[Result]:
    direct, through = _doors(system)
    warm = [_storm(door) for door in (direct, through)]
    yield Result(
        name="intake.rate",
        what=f"notifications taken in a second with {CLIENTS} clients: straight into the queue, against through a function",
        value=round(warm[0][0]),
        unit="1/s",
        baseline=round(warm[1][0]),
        ratio=round(warm[0][0] / warm[1][0], 2),
    )
    yield Result(
        name="intake.p99",
        what="99th percentile of the answer under that load",
        value=round(warm[0][1], 1),
        unit="ms",
        baseline=round(warm[1][1], 1),
        ratio=round(warm[1][1] / warm[0][1], 2),
        goal="under Mercado Livre's 500 ms",
        holds=warm[0][1] < 500,
    )
    cold_direct, cold_through = _cold(system, direct, through)
    yield Result(
        name="intake.cold",
        what="the first answer after a new version of the function (a laptop's cold start, not Lambda's)",
        value=round(cold_direct, 1),
        unit="ms",
        baseline=round(cold_through, 1),
        ratio=round(cold_through / cold_direct, 2),
    )


def _doors(system: System) -> tuple[Post, Post]:
    urls = system.endpoints["webhook_urls"]
    held = _client(system, "secretsmanager").get_secret_value(SecretId="/painelml/local/stripe")["SecretString"]
    key = json.loads(held)["stripe"]["webhook_secrets"][0].encode()

    def direct(http: requests.Session) -> int:
        return http.post(urls["mercado-livre"], data=NOTIFICATION, headers={"Content-Type": "application/json"}).status_code

    def through(http: requests.Session) -> int:
        moment = str(int(time.time()))
        signature = hmac.new(key, f"{moment}.{EVENT}".encode(), hashlib.sha256).hexdigest()
        signed = {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={signature}"}
        return http.post(urls["stripe"], data=EVENT, headers=signed).status_code

    return direct, through


def _storm(post: Post) -> tuple[float, float]:
    """Requests a second, and the 99th percentile in milliseconds."""
    sessions = [requests.Session() for _ in range(CLIENTS)]
    for http in sessions:
        assert post(http) == 200

    def client(http: requests.Session) -> list[float]:
        return [_answer_ms(post, http) for _ in range(REQUESTS // CLIENTS)]

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        times = [ms for taken in pool.map(client, sessions) for ms in taken]
    return len(times) / (time.perf_counter() - started), percentile(times, 0.99)


def _cold(system: System, direct: Post, through: Post) -> tuple[float, float]:
    """Medians of the first answers, each after the emulator was told of a changed function."""
    functions = _client(system, "lambda")
    rounds = []
    for turn in range(COLD_ROUNDS):
        functions.update_function_configuration(FunctionName="painelml-local-webhook-intake", Description=f"bench {turn}")
        rounds.append([_answer_ms(post, requests.Session()) for post in (direct, through)])
    return median(pair[0] for pair in rounds), median(pair[1] for pair in rounds)


def _answer_ms(post: Post, http: requests.Session) -> float:
    started = time.perf_counter()
    status = post(http)
    assert status == 200, status
    return (time.perf_counter() - started) * 1000


def _client(system: System, service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=system.endpoints["aws_endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="test",
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
