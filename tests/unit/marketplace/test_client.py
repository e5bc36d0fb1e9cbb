"""The client: errors told apart by status and code, and the consent page of each country."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from painelml.core.config import config
from painelml.core.errors import RetryLater
from painelml.marketplace.api import client
from painelml.marketplace.errors import (
    AccessRefused,
    CallRefused,
    MarketplaceBusy,
    ResourceMissing,
    TokenRejected,
    patiently,
)


def answer(status: int, body: bytes = b"{}", **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = body
    made.headers.update(headers)
    return made


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (400, b'{"message":"x","error":"validation_error","status":400,"cause":[]}', CallRefused, "validation_error"),
        (401, b'{"code":"unauthorized","message":"invalid access token"}', TokenRejected, "unauthorized"),
        (401, b'{"message":"expired_token","error":"not_found","status":401}', TokenRejected, "not_found"),
        (
            403,
            b'{"code":"PA_UNAUTHORIZED_RESULT_FROM_POLICIES","blocked_by":"PolicyAgent","message":"m","status":403}',
            AccessRefused,
            "PA_UNAUTHORIZED_RESULT_FROM_POLICIES",
        ),
        (403, b'{"status":403,"error":"access_denied","code":"FORBIDDEN"}', AccessRefused, "FORBIDDEN"),
        (403, b"<html>blocked</html>", AccessRefused, "not_json"),
        (404, b'{"error":"order_not_found"}', ResourceMissing, "order_not_found"),
        (422, b'{"error":"a sentence with the name of Maria"}', CallRefused, "unknown"),
    ],
)
def test_refusals_are_told_apart(status: int, body: bytes, error: type[CallRefused], code: str) -> None:
    with pytest.raises(error) as refusal:
        client._answered(answer(status, body))
    assert refusal.value.code == code


@pytest.mark.parametrize("status", [302, 409, 429, 500, 502, 503, 504])
def test_busy_answers_are_put_off(status: int) -> None:
    with pytest.raises(MarketplaceBusy):
        client._answered(answer(status, b"local_rate_limited"))


def test_a_blocked_application_is_no_dead_token() -> None:
    with pytest.raises(MarketplaceBusy) as busy:
        client._answered(answer(401, b'{"code":"unauthorized_scopes"}'))
    assert busy.value.retry_after == 900


def test_retry_after_is_honoured_and_bounded() -> None:
    for given, expected in (("7", 7), ("99999", 900), ("Wed, 21 Oct 2026 07:28:00 GMT", None)):
        with pytest.raises(MarketplaceBusy) as busy:
            client._answered(answer(429, b"{}", **{"Retry-After": given}))
        assert busy.value.retry_after == expected


def test_workers_wait_longer_each_time_and_never_over_the_queues_limit() -> None:
    for deferrals in range(20):
        with pytest.raises(RetryLater) as pause, patiently(deferrals):
            raise MarketplaceBusy("busy")
        assert min(2 ** (deferrals + 1), 512) <= pause.value.seconds <= 900


def test_a_partial_answer_names_what_is_missing() -> None:
    read = client._answered(answer(206, b'{"id": 1}', **{"X-Content-Missing": "buyer, feedback"}))
    assert read.missing == {"buyer", "feedback"}


def test_no_content_is_an_answer() -> None:
    assert client._answered(answer(204, b"")).document is None


def test_a_grant_prints_no_token() -> None:
    assert "APP_USR" not in repr(client.Grant("APP_USR-1", "TG-1", 21600, "read", 1))


@pytest.mark.parametrize(("site", "host"), [("MLB", "auth.mercadolivre.com.br"), ("CBT", "global-selling.mercadolibre.com")])
def test_consent_follows_the_sellers_country(monkeypatch: pytest.MonkeyPatch, site: str, host: str) -> None:
    monkeypatch.delenv("PAINEL_MERCADO_LIVRE_AUTH_URL", raising=False)
    config.cache_clear()
    assert client.authorization_page(site) == f"https://{host}/authorization"
    monkeypatch.undo()
    config.cache_clear()


def test_every_site_that_can_be_asked_for_has_a_host() -> None:
    from typing import get_args

    from painelml.marketplace.accounts.models import Site

    assert set(get_args(Site)) == set(client.AUTHORIZATION_HOSTS)


def test_no_answer_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def request(self, *_: Any, **__: Any) -> Any:
            raise requests.ConnectTimeout

    monkeypatch.setattr(client, "_session", Silent)
    with pytest.raises(MarketplaceBusy, match=r".*"):
        client.get("/users/me", "token")
