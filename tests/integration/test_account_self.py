"""One's own account: password, e-mail, sessions, the second factor, and how guessing gets slower."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import MagicMock, patch
from uuid import uuid4

import psycopg
import pytest
from redis.exceptions import RedisError

from painelml.core import db
from painelml.core.cache import outage
from painelml.identity import sessions, throttle, totp
from painelml.identity.errors import TooManyTries, WrongCode
from painelml.identity.models import Client, Login
from tests.http import Answer, call, gateway
from tests.letters import letters_to, token_to
from tests.people import PASSWORD, Person, log_in, sign_up, unique_email
from tests.queues import empty_queues
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")

NEW = "outra frase bem comprida"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    empty_queues()


def address() -> str:
    return f"2001:db8::{uuid4().hex[:4]}:{uuid4().hex[:4]}"


def login(email: str, password: str = PASSWORD, *, code: str | None = None, at: str | None = None) -> Answer:
    body = {"email": email, "password": password, **({"code": code} if code else {})}
    return call(gateway, "POST", "/auth/login", body=body, address=at or address())


def post(person: Person, path: str, **body: str) -> Answer:
    return call(gateway, "POST", path, body=body, token=person.access_token, address=address())


def test_a_password_changes_for_someone_who_proves_the_old_one() -> None:
    owner = sign_up()
    elsewhere = log_in(owner.email)

    wrong = post(owner, "/me/password", current_password="errado errado", new_password=NEW)
    weak = post(owner, "/me/password", current_password=PASSWORD, new_password="password1234")
    changed = post(owner, "/me/password", current_password=PASSWORD, new_password=NEW)

    assert (wrong.status, wrong.json["code"]) == (403, "wrong_password")
    assert (weak.status, weak.json["code"]) == (400, "weak_password")
    assert changed.status == 204, changed.text
    assert login(owner.email).status == 401
    assert login(owner.email, NEW).status == 200
    # This session goes on, all others end.
    assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token}).status == 200
    assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": elsewhere.refresh_token}).status == 401
    assert "senha" in letters_to(owner.email)[-1]["Subject"].lower()


def test_an_email_changes_when_the_new_address_is_read() -> None:
    owner, fresh = sign_up(), unique_email("nova")

    assert post(owner, "/me/email", current_password="errado errado", email=fresh).status == 403
    assert post(owner, "/me/email", current_password=PASSWORD, email=fresh).status == 202
    assert login(fresh).status == 401
    assert call(gateway, "POST", "/auth/verify-email", body={"token": token_to(fresh)}).status == 204

    assert login(fresh).status == 200
    assert login(owner.email).status == 401
    assert "outro endereço" in letters_to(owner.email)[-1]["BodyText"]


def test_anothers_email_is_neither_told_nor_taken() -> None:
    owner, other = sign_up(), sign_up()
    letters = len(letters_to(other.email))

    taken = post(owner, "/me/email", current_password=PASSWORD, email=other.email)
    free = post(owner, "/me/email", current_password=PASSWORD, email=unique_email())

    assert (taken.status, taken.text) == (free.status, free.text)
    assert len(letters_to(other.email)) == letters


def test_two_who_want_one_address_get_one_owner() -> None:
    one, two, fresh = sign_up(), sign_up(), unique_email("nova")
    post(one, "/me/email", current_password=PASSWORD, email=fresh)
    first = token_to(fresh)
    post(two, "/me/email", current_password=PASSWORD, email=fresh)
    second = token_to(fresh)

    answers = [call(gateway, "POST", "/auth/verify-email", body={"token": token}) for token in (first, second)]

    assert [answer.status for answer in answers] == [204, 409]


@pytest.mark.req("A040", "B012", "B048", "K11")
def test_sessions_are_listed_and_ended_one_by_one_or_all() -> None:
    owner = sign_up()
    second, third = log_in(owner.email), log_in(owner.email)
    stranger = sign_up()

    listed = call(gateway, "GET", "/auth/sessions", token=owner.access_token).json
    assert {row["id"] for row in listed} == {str(person.caller.session_id) for person in (owner, second, third)}
    assert [row["id"] for row in listed if row["current"]] == [str(owner.caller.session_id)]

    path = f"/auth/sessions/{second.caller.session_id}"
    assert call(gateway, "DELETE", path, token=stranger.access_token).status == 404
    assert call(gateway, "DELETE", path, token=owner.access_token).status == 204
    assert call(gateway, "DELETE", path, token=owner.access_token).status == 404
    assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": second.refresh_token}).status == 401

    assert call(gateway, "POST", "/auth/logout-all", token=owner.access_token).json == {"ended": 2}
    for person in (owner, third):
        assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": person.refresh_token}).status == 401
    assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": stranger.refresh_token}).status == 200


def code_of(secret: str, *, steps: int = 0) -> str:
    moment = int(datetime.now(UTC).timestamp()) // totp.STEP_SECONDS
    return totp.code_at(base64.b32decode(secret), moment + steps)


def enabled(person: Person) -> tuple[str, list[str]]:
    """The secret and the recovery codes of a second factor that this has just switched on, with the step before."""
    begun = post(person, "/auth/totp", current_password=PASSWORD)
    assert begun.status == 201, begun.text
    confirmed = post(person, "/auth/totp/confirm", code=code_of(begun.json["secret"], steps=-1))
    assert confirmed.status == 200, confirmed.text
    return begun.json["secret"], confirmed.json["recovery_codes"]


def test_a_second_factor_is_asked_for_and_a_code_works_once() -> None:
    owner = sign_up()
    secret, _ = enabled(owner)

    without = login(owner.email)
    wrong_password = login(owner.email, "errado errado")
    code = code_of(secret)
    first, replayed = login(owner.email, code=code), login(owner.email, code=code)
    older = login(owner.email, code=code_of(secret, steps=-1))

    assert (without.status, without.json["code"]) == (401, "totp_required")
    assert wrong_password.json["code"] == "wrong_credentials"
    assert first.status == 200, first.text
    assert (replayed.status, replayed.json["code"]) == (401, "wrong_code")
    assert older.json["code"] == "wrong_code"


def test_parallel_logins_with_one_code_give_one_session() -> None:
    owner = sign_up()
    secret, _ = enabled(owner)
    wanted = Login.model_validate({"email": owner.email, "password": PASSWORD, "code": code_of(secret)})

    def attempt(_: int) -> bool:
        try:
            sessions.log_in(wanted, Client(address=address(), agent="test"))
        except WrongCode:
            return False
        finally:
            db.disconnect()
        return True

    with patch.object(throttle, "ACCOUNT", throttle.Pace(free=1000, first=1, longest=1)), ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 1


def test_recovery_codes_work_once_each_and_are_counted() -> None:
    owner = sign_up()
    _, codes = enabled(owner)

    assert login(owner.email, code=codes[0]).status == 200
    assert login(owner.email, code=codes[0]).json["code"] == "wrong_code"
    assert login(owner.email, code=codes[1].upper().replace("-", " ")).status == 200
    status = call(gateway, "GET", "/auth/totp", token=owner.access_token).json
    assert status == {"enabled": True, "recovery_codes_left": 8}


def test_a_second_factor_is_given_up_with_password_and_code_and_not_replaced_without() -> None:
    owner = sign_up()
    secret, codes = enabled(owner)

    assert post(owner, "/auth/totp", current_password=PASSWORD).json["code"] == "totp_state"
    assert post(owner, "/auth/totp/disable", current_password="errado errado", code=codes[0]).status == 403
    assert post(owner, "/auth/totp/disable", current_password=PASSWORD, code="000000000000").status == 401
    assert login(owner.email).json["code"] == "totp_required"
    assert post(owner, "/auth/totp/disable", current_password=PASSWORD, code=code_of(secret)).status == 204
    assert login(owner.email).status == 200


def test_a_totp_secret_is_sealed_and_bound_to_its_owner(database: Database) -> None:
    owner, thief = sign_up(), sign_up()
    secret, _ = enabled(owner)
    enabled(thief)
    with psycopg.connect(database.superuser_url) as connection:
        (sealed,) = connection.execute(
            "select sealed_secret from directory.totp where user_id = %s", [owner.caller.user_id]
        ).fetchone() or (b"",)
        connection.execute(
            "update directory.totp set sealed_secret = %s, last_step = 0 where user_id = %s", [sealed, thief.caller.user_id]
        )
    assert secret.encode() not in bytes(sealed)
    assert login(thief.email, code=code_of(secret)).status == 500


def test_a_reset_password_does_not_switch_the_second_factor_off() -> None:
    owner = sign_up()
    enabled(owner)
    call(gateway, "POST", "/auth/forgot-password", body={"email": owner.email}, address=address())
    call(gateway, "POST", "/auth/reset-password", body={"token": token_to(owner.email), "password": NEW})
    assert login(owner.email, NEW).json["code"] == "totp_required"


def test_an_idempotency_key_keeps_no_secret_that_is_shown_once(database: Database) -> None:
    owner = sign_up()
    headers = {"Idempotency-Key": uuid4().hex}
    begun = call(gateway, "POST", "/auth/totp", body={"current_password": PASSWORD}, token=owner.access_token, headers=headers)
    with psycopg.connect(database.superuser_url) as connection:
        kept = connection.execute(
            "select answer from app.idempotency_keys where user_id = %s", [owner.caller.user_id]
        ).fetchall()
    assert begun.status == 201
    assert kept == []


# Throttling -----------------------------------------------------------------------------------------------------------------


@contextmanager
def later(seconds: float) -> Generator[None]:
    import time

    moment = time.time() + seconds
    with patch("painelml.identity.throttle.time.time", lambda: moment):
        yield


@pytest.mark.req("A019", "A145")
def test_guessing_one_account_from_one_place_gets_slower() -> None:
    owner, place = sign_up(), address()

    statuses = [login(owner.email, "errado errado", at=place).status for _ in range(6)]
    blocked = login(owner.email, at=place)

    assert statuses == [401] * 5 + [429]
    assert (blocked.status, blocked.json["code"]) == (429, "too_many_tries")
    assert 1 <= int(blocked.headers["retry-after"]) <= 300
    with later(2):
        assert login(owner.email, "errado errado", at=place).status == 401
        growing = login(owner.email, at=place)
        assert growing.status == 429
    assert int(growing.headers["retry-after"]) > 1
    with later(301):
        assert login(owner.email, at=place).status == 200


def test_strangers_cannot_lock_someone_out() -> None:
    owner, home = sign_up(), address()
    assert login(owner.email, at=home).status == 200

    for _ in range(40):
        login(owner.email, "errado errado")
    elsewhere = login(owner.email)

    assert elsewhere.status == 429
    assert int(elsewhere.headers["retry-after"]) <= 15
    assert login(owner.email, at=home).status == 200


def test_unknown_emails_are_throttled_like_known_ones() -> None:
    owner, nobody = sign_up(), unique_email("ninguem")
    answers = []
    for email in (owner.email, nobody):
        place = address()
        answers.append([login(email, "errado errado", at=place).status for _ in range(7)])
    assert answers[0] == answers[1]


def test_one_place_that_tries_many_accounts_gets_slower_and_its_people_come_through() -> None:
    place, owner = address(), sign_up()
    statuses = [login(unique_email("ninguem"), at=place).status for _ in range(31)]
    assert statuses[:30] == [401] * 30
    assert statuses[30] == 429
    with later(61):
        assert login(owner.email, at=place).status == 200


def test_asking_for_letters_gets_slower() -> None:
    owner = sign_up()
    statuses = [
        call(gateway, "POST", "/auth/forgot-password", body={"email": owner.email}, address=address()).status for _ in range(4)
    ]
    assert statuses == [202, 202, 202, 429]


def test_taken_emails_are_not_probed_at_speed() -> None:
    owner, place = sign_up(), address()
    body = {"company_name": "Loja", "name": "Dona", "email": owner.email, "password": NEW}
    statuses = [call(gateway, "POST", "/auth/register", body=body, address=place).status for _ in range(31)]
    assert statuses[:30] == [409] * 30
    assert statuses[30] == 429


def test_parallel_tries_are_each_counted() -> None:
    place, email = address(), unique_email("ninguem")

    def attempt(_: int) -> bool:
        try:
            throttle.Attempt("login", account=email, address=place)
        except TooManyTries:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(50))) == throttle.PAIR.free


@pytest.mark.req("A019")
def test_without_the_cache_a_smaller_allowance_holds_and_it_is_counted(
    capsys: pytest.CaptureFixture[str], _cache_away: MagicMock
) -> None:
    owner, place = sign_up(), address()
    capsys.readouterr()
    good = login(owner.email, at=place)
    statuses = [login(owner.email, "errado errado", at=place).status for _ in range(3)]
    assert good.status == 200
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert _cache_away.call_count <= 2, "a dead cache is left alone for some seconds: it would slow every login"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert sum(line.get("ThrottleLocal", 0) for line in lines) == 4


@pytest.fixture
def _cache_away() -> Generator[MagicMock]:
    with patch("painelml.core.cache.cache", side_effect=RedisError("away")) as asked:
        yield asked
    outage.end()


@pytest.mark.parametrize("seconds", [timedelta(hours=2).total_seconds()])
def test_local_counters_forget_and_stay_few(seconds: float) -> None:
    local = throttle._Local()
    for number in range(throttle.LOCAL_KEYS + 5):
        local.attempt(str(number), throttle.PAIR)
    assert len(local.tries) == throttle.LOCAL_KEYS
    local.attempt("last", throttle.PAIR)
    (first, told), (second, told_again) = (local.attempt("last", throttle.PAIR) for _ in range(2))
    assert first > 0 and second > 0
    assert (told, told_again) == (True, False)
    with later(seconds):
        assert local.attempt("last", throttle.PAIR) == (0, False)
