"""The client: errors told apart by status and code, and the consent page of each country."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import requests

from painelml.core.config import config
from painelml.core.errors import RetryLater
from painelml.marketplace.api import client, oauth, transport
from painelml.marketplace.api.answers import read
from painelml.marketplace.api.transport import Bearer
from painelml.marketplace.errors import (
    AccessRefused,
    ApplicationBlocked,
    CallRefused,
    ChangedMeanwhile,
    ForeignResource,
    MarketplaceBusy,
    NotSent,
    OutcomeUnknown,
    PermissionMissing,
    ResourceMissing,
    Throttled,
    TokenRejected,
    patiently,
)

POLICY = b'{"code":"PA_UNAUTHORIZED_RESULT_FROM_POLICIES","blocked_by":"PolicyAgent","message":"m","status":403}'


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
        (401, b'{"message":"authorization value not present"}', TokenRejected, "unknown"),
        (401, b'{"message":"expired_token","error":"not_found","status":401}', TokenRejected, "not_found"),
        (401, b"invalid access token", TokenRejected, "not_json"),
        (403, POLICY, PermissionMissing, "PA_UNAUTHORIZED_RESULT_FROM_POLICIES"),
        (403, b'{"status":403,"error":"Invalid scopes","code":"FORBIDDEN"}', PermissionMissing, "FORBIDDEN"),
        (403, b'{"status":403,"error":"access_denied","code":"FORBIDDEN"}', AccessRefused, "FORBIDDEN"),
        (
            403,
            b'{"error":"not_owned_order","message":"Sem acesso","status":403,"cause":[]}',
            ForeignResource,
            "not_owned_order",
        ),
        (403, b'{"error":"forbidden","cause":[{"code":"caller.id.invalid"}]}', ForeignResource, "caller.id.invalid"),
        (403, b'{"status_code":403,"code":"forbidden","message":"blocked_by_time"}', AccessRefused, "forbidden"),
        (404, b'{"error":"order_not_found"}', ResourceMissing, "order_not_found"),
        (422, b'{"error":"a sentence with the name of Maria"}', CallRefused, "unknown"),
        (
            451,
            b'{"cause":"buyer_account_closed","error":"","message":"x","status_code":451}',
            CallRefused,
            "buyer_account_closed",
        ),
        (400, b'["not", "an", "object"]', CallRefused, "unknown"),
    ],
)
def test_refusals_are_told_apart(status: int, body: bytes, error: type[CallRefused], code: str) -> None:
    with pytest.raises(CallRefused) as refusal:
        read(answer(status, body))
    assert type(refusal.value) is error
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (b'"blocked_by_excepted_case"', True),
        (b'["other", "blocked_by_excepted_case"]', True),
        (b'[{"code": "blocked_by_excepted_case", "type": "error"}]', True),
        (b'[{"code": "blocked_by_excepted_case", "type": "warning"}]', False),
        (b'[{"message": "blocked_by_excepted_case"}]', False),
        (b"[7, null, {}]", False),
    ],
)
def test_a_cause_is_found_in_whatever_shape(cause: bytes, said: bool) -> None:
    with pytest.raises(CallRefused) as refusal:
        read(answer(400, b'{"error":"bad_request","message":"frase","status_code":400,"cause":' + cause + b"}"))
    assert refusal.value.code == "bad_request"
    assert refusal.value.says("blocked_by_excepted_case") is said


def test_a_code_in_the_place_of_prose_is_read() -> None:
    with pytest.raises(AccessRefused) as refusal:
        read(answer(403, b'{"status_code":403,"code":"forbidden","message":"blocked_conversation_send_message_forbidden"}'))
    assert refusal.value.says("blocked_conversation_send_message_forbidden")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (302, b"", MarketplaceBusy),
        (403, b"<html>blocked</html>", MarketplaceBusy),
        (408, b"", MarketplaceBusy),
        (409, b'{"error":"conflict"}', ChangedMeanwhile),
        (429, b"local_rate_limited", Throttled),
        (429, b'{"message":"m","error":"too_many_requests","status":429,"cause":[]}', Throttled),
        (500, b"", MarketplaceBusy),
        (502, b"<html>", MarketplaceBusy),
        (503, b'{"mess', MarketplaceBusy),
        (504, b"", MarketplaceBusy),
    ],
)
def test_busy_answers_are_put_off(status: int, body: bytes, error: type[MarketplaceBusy]) -> None:
    with pytest.raises(MarketplaceBusy) as busy:
        read(answer(status, body))
    assert type(busy.value) is error


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b'{"id":', OutcomeUnknown),
        (500, b"", OutcomeUnknown),
        (504, b"", OutcomeUnknown),
        (429, b"local_rate_limited", Throttled),
        (409, b"{}", ChangedMeanwhile),
        (400, b"{}", CallRefused),
    ],
)
def test_a_write_says_whether_it_may_have_been_done(status: int, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(answer(status, body), writing=True)


def test_a_blocked_application_is_no_dead_token() -> None:
    for body in (b'{"code":"unauthorized_scopes"}', b'{"code":"unauthorized","error":"unauthorized_scopes"}'):
        with pytest.raises(ApplicationBlocked) as busy:
            read(answer(401, body))
        assert busy.value.retry_after == 900


def test_retry_after_is_honoured_and_bounded() -> None:
    for given, expected in (("7", 7), ("99999", 900), ("Wed, 21 Oct 2026 07:28:00 GMT", None)):
        with pytest.raises(MarketplaceBusy) as busy:
            read(answer(429, b"{}", **{"Retry-After": given}))
        assert busy.value.retry_after == expected


def test_workers_wait_longer_each_time_and_never_over_the_queues_limit() -> None:
    for deferrals in range(20):
        with pytest.raises(RetryLater) as pause, patiently(deferrals):
            raise MarketplaceBusy("busy")
        assert min(2 ** (deferrals + 1), 512) <= pause.value.seconds <= 900


def test_a_partial_answer_names_what_is_missing() -> None:
    partial = read(answer(206, b'{"id": 1}', **{"X-Content-Missing": "buyer, feedback"}))
    assert partial.missing == {"buyer", "feedback"}
    assert partial.is_partial


def test_headers_are_found_in_any_case() -> None:
    assert read(answer(200, b"{}", **{"X-Version": "7"})).version == "7"
    assert read(answer(200, b"{}")).version is None


def test_no_content_is_an_answer() -> None:
    assert read(answer(204, b"")).document is None


def test_a_grant_prints_no_token() -> None:
    assert "APP_USR" not in repr(oauth.Grant("APP_USR-1", "TG-1", 21600, "read", 1))


@pytest.mark.parametrize(("site", "host"), [("MLB", "auth.mercadolivre.com.br"), ("CBT", "global-selling.mercadolibre.com")])
def test_consent_follows_the_sellers_country(monkeypatch: pytest.MonkeyPatch, site: str, host: str) -> None:
    monkeypatch.delenv("PAINEL_MERCADO_LIVRE_AUTH_URL", raising=False)
    config.cache_clear()
    assert oauth.authorization_page(site) == f"https://{host}/authorization"
    monkeypatch.undo()
    config.cache_clear()


def test_every_site_that_can_be_asked_for_has_a_host() -> None:
    from typing import get_args

    from painelml.marketplace.accounts.models import Site

    assert set(get_args(Site)) == set(oauth.AUTHORIZATION_HOSTS)


def test_no_answer_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def request(self, *_: Any, **__: Any) -> Any:
            raise requests.ConnectTimeout

    monkeypatch.setattr(transport, "_session", Silent)
    monkeypatch.setattr(transport, "passing", lambda *_, **__: nullcontext())
    with pytest.raises(NotSent):
        client.get("/users/me", Bearer("token"))
