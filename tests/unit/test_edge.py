"""The edge of every function: whom a request came from, which door it took, and what the function was told."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from painelml.core import migrate
from painelml.core.config import ConfigurationError, config
from painelml.core.http import entry_point, http_app
from painelml.core.request import client_ip, language
from tests.http import call, rest_event

app = http_app()


@app.get("/open")
def open_route() -> dict[str, bool]:
    return {"open": True}


handler = entry_point(app)


@pytest.fixture(autouse=True)
def told_afresh(monkeypatch: pytest.MonkeyPatch) -> Generator[pytest.MonkeyPatch]:
    """Configuration read again for each test, and again after it."""
    config.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    config.cache_clear()


def test_where_waf_is_off_only_cloudfronts_header_opens_the_door(told_afresh: pytest.MonkeyPatch) -> None:
    assert call(handler, "GET", "/open").status == 200
    told_afresh.setenv("PAINEL_ORIGIN_SECRET", "right")
    config.cache_clear()

    assert call(handler, "GET", "/open").status == 403
    assert call(handler, "GET", "/open", headers={"x-origin-verify": "wrong"}).status == 403
    assert call(handler, "GET", "/open", headers={"X-Origin-Verify": "right"}).status == 200


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        ("0", "203.0.113.9", "127.0.0.1"),
        ("1", "203.0.113.9, 198.51.100.1", "203.0.113.9"),
        ("1", "spoofed, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        ("1", "", "127.0.0.1"),
        ("1", "198.51.100.1", "127.0.0.1"),
    ],
)
def test_only_our_own_hops_say_where_a_client_is(
    told_afresh: pytest.MonkeyPatch, hops: str, forwarded: str, address: str
) -> None:
    told_afresh.setenv("PAINEL_TRUSTED_HOPS", hops)
    assert client_ip(rest_event("GET", "/", headers={"X-Forwarded-For": forwarded})) == address


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [("", "pt-BR"), ("en", "en"), ("pt-PT, en", "pt-BR"), ("de, en-US;q=0.8", "en"), ("fr", "pt-BR"), (";;,", "pt-BR")],
)
def test_a_client_is_answered_in_the_first_language_that_we_have(accepted: str, spoken: str) -> None:
    assert language(rest_event("GET", "/", headers={"accept-language": accepted})) == spoken


def test_a_bad_variable_is_named_without_its_value(told_afresh: pytest.MonkeyPatch) -> None:
    told_afresh.setenv("PAINEL_ENV", "produção-secreta")
    with pytest.raises(ConfigurationError, match="PAINEL_ENV") as told:
        config()
    assert "secreta" not in str(told.value)


def test_a_missing_variable_is_named_when_it_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="PAINEL_OWNER_SECRET is not set"):
        config().require("owner_secret")


def test_on_aws_the_owner_signs_in_with_its_secret_and_verified_tls(told_afresh: pytest.MonkeyPatch) -> None:
    told_afresh.setenv("PAINEL_OWNER_DATABASE_URL", "postgresql://db.internal:5432/painelml")
    told_afresh.setenv("PAINEL_OWNER_SECRET", "rds!cluster")
    held: dict[str, Any] = {"username": "painel_master", "password": "com espaço & 'aspas'"}
    told_afresh.setattr(migrate, "secret_document", lambda _: json.loads(json.dumps(held)))

    signed = conninfo_to_dict(migrate.owner_url())

    assert (signed["user"], signed["password"]) == ("painel_master", held["password"])
    assert (signed["host"], signed["sslmode"]) == ("db.internal", "verify-full")
    assert str(signed["sslrootcert"]).endswith("aws-ca.pem")
