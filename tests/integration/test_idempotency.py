"""Idempotency-Key: one effect and one answer for a POST that is sent again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest

from painelml.core import db, idempotency
from painelml.core.http import entry_point, http_app
from painelml.identity.permissions import authenticated
from tests.http import Answer, call, gateway
from tests.people import PASSWORD, Person, log_in, sign_up, unique_email

pytestmark = pytest.mark.usefixtures("platform")


def post(owner: Person, key: str, body: dict[str, Any]) -> Answer:
    return call(gateway, "POST", "/users", body=body, token=owner.access_token, headers={"Idempotency-Key": key})


def new_user() -> dict[str, Any]:
    return {"name": "Colega", "email": unique_email("colega"), "password": PASSWORD, "role": "VIEWER"}


def test_the_same_request_again_gets_the_same_answer_and_no_second_effect() -> None:
    owner, body = sign_up(), new_user()

    first, again = post(owner, "k-1", body), post(owner, "k-1", body)

    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert again.headers["idempotent-replayed"] == "true"
    users = call(gateway, "GET", "/users", token=owner.access_token).json["data"]
    assert len(users) == 2


def test_another_request_with_the_key_is_refused_and_does_nothing() -> None:
    owner = sign_up()
    assert post(owner, "k-1", new_user()).status == 201

    answer = post(owner, "k-1", new_user())

    assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
    assert len(call(gateway, "GET", "/users", token=owner.access_token).json["data"]) == 2


def test_a_failure_is_not_kept_so_the_key_can_be_tried_again() -> None:
    owner, body = sign_up(), new_user()
    taken = {**body, "email": owner.email}
    assert post(owner, "k-1", taken).status == 409
    assert post(owner, "k-1", body).status == 201


@pytest.mark.req("A055")
def test_a_key_belongs_to_one_person_of_one_tenant() -> None:
    owner, other, body = sign_up(), sign_up(), new_user()
    admin_email = unique_email("admin")
    post(owner, "k-0", {**new_user(), "email": admin_email, "role": "ADMIN"})
    admin = log_in(admin_email)
    first = post(owner, "k-1", body)

    for stranger_ in (other, admin):
        answer = post(stranger_, "k-1", new_user())
        assert answer.status == 201
        assert answer.json["id"] != first.json["id"]


@pytest.mark.parametrize("key", ["com espaço", "x" * 256, "é"])
def test_a_malformed_key_is_refused(key: str) -> None:
    answer = post(sign_up(), key, new_user())
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_a_request_at_work_makes_its_repetition_wait() -> None:
    started, finish = Event(), Event()
    runs: list[int] = []
    app = http_app()

    @app.post("/slow", status_code=201)
    @authenticated
    def slow() -> dict[str, int]:
        runs.append(1)
        started.set()
        assert finish.wait(10)
        return {"runs": len(runs)}

    handler, caller = entry_point(app), sign_up().caller

    def send() -> Answer:
        try:
            return call(handler, "POST", "/slow", caller=caller, headers={"Idempotency-Key": "k"})
        finally:
            db.disconnect()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send)
        assert started.wait(10)
        meanwhile = send()
        finish.set()
        assert first.result().status == 201

    assert (meanwhile.status, meanwhile.json["code"], meanwhile.headers["retry-after"]) == (409, "request_in_progress", "5")
    assert send().json == {"runs": 1}


def test_a_claim_that_died_is_taken_over_after_a_minute() -> None:
    app = http_app()
    runs: list[int] = []

    @app.post("/dies")
    @authenticated
    def dies() -> dict[str, int]:
        runs.append(1)
        if len(runs) == 1:
            raise KeyboardInterrupt
        return {"runs": len(runs)}

    handler, caller, headers = entry_point(app), sign_up().caller, {"Idempotency-Key": "k"}
    with pytest.raises(KeyboardInterrupt):
        call(handler, "POST", "/dies", caller=caller, headers=headers)
    assert call(handler, "POST", "/dies", caller=caller, headers=headers).status == 409
    with patch("painelml.core.idempotency.now", lambda: datetime.now(UTC) + timedelta(seconds=61)):
        assert call(handler, "POST", "/dies", caller=caller, headers=headers).json == {"runs": 2}


def test_answers_older_than_a_day_are_forgotten() -> None:
    owner = sign_up()
    post(owner, "k-1", new_user())
    tomorrow = datetime.now(UTC) + idempotency.KEEP + timedelta(seconds=1)
    with db.tenant_session(owner.caller.tenant_id) as session:
        assert idempotency.prune(session) == 0
        with patch("painelml.core.idempotency.now", lambda: tomorrow):
            assert idempotency.prune(session) == 1
