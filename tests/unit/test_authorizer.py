"""The authorizer lets in live tokens of this environment and nothing else (A047, K11)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import jwt
import pytest

from lambdas.authorizer.handler import handler
from painelml.core.caller import Caller
from painelml.identity import keys, tokens

ARN = "arn:aws:execute-api:sa-east-1:123456789012:abc123/api/GET/v1/orders/1"
CALLER = Caller(tenant_id=UUID(int=1), user_id=UUID(int=2), session_id=UUID(int=3), role="ADMIN", platform_role="SUPPORT")
SIGNING = keys._MAKERS["jwt"]()
FOREIGN = keys._MAKERS["jwt"]()
KID = SIGNING["current"]
PEM = SIGNING["keys"][KID]


@pytest.fixture(autouse=True)
def published() -> Generator[None]:
    """This environment's keys, without a server to fetch them from."""
    parameter = patch("painelml.identity.tokens.parameter", lambda _name, **_: keys.jwks(SIGNING))
    with parameter, patch("painelml.identity.tokens.secret", lambda _: SIGNING):
        yield


def ask(token: str, *, header: str = "Authorization", scheme: str = "Bearer ") -> dict[str, Any]:
    return handler({"type": "REQUEST", "methodArn": ARN, "headers": {header: scheme + token}, "requestContext": {}}, None)


def signed(key: str = PEM, algorithm: str = "ES256", head: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token like ours but for `changes`; a claim changed to None is left out."""
    moment = datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": tokens.issuer(),
        "aud": tokens.AUDIENCE,
        "iat": moment,
        "exp": moment + tokens.LIFETIME,
        "sub": str(CALLER.user_id),
        "sid": str(CALLER.session_id),
        "tenant": str(CALLER.tenant_id),
        "role": "ADMIN",
    }
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    headers = {"kid": KID, "typ": tokens.TYPE, **(head or {})}
    return jwt.encode(claims, key, algorithm, headers={name: value for name, value in headers.items() if value is not None})


def edited() -> str:
    """Someone else's tenant written into a token that was ours."""
    head, body, signature = tokens.issue(CALLER).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["tenant"] = str(UUID(int=9))
    return ".".join((head, base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("="), signature))


def confused() -> str:
    """HS256 with the public key as the secret, built by hand because no library would."""
    import hashlib
    import hmac

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    _, body, _ = signed().split(".")
    text = f"{part({'alg': 'HS256', 'kid': KID, 'typ': tokens.TYPE})}.{body}"
    mac = hmac.digest(keys.jwks(SIGNING).encode(), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


FORGERIES: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "not a token": lambda: "abc",
    "three empty parts": lambda: "..",
    "endless": lambda: "x" * 9000,
    "alg none": lambda: signed(key="", algorithm="none"),
    "alg confusion": confused,
    "edited claims": edited,
    "another environment's key under our kid": lambda: signed(FOREIGN["keys"][FOREIGN["current"]]),
    "another environment's key under its kid": lambda: signed(
        FOREIGN["keys"][FOREIGN["current"]], head={"kid": FOREIGN["current"]}
    ),
    "no kid": lambda: signed(head={"kid": None}),
    "path in kid": lambda: signed(head={"kid": "../../etc/passwd"}),
    "key in the head": lambda: signed(
        FOREIGN["keys"][FOREIGN["current"]], head={"jwk": json.loads(keys.jwks(FOREIGN))["keys"][0]}
    ),
    "another type": lambda: signed(head={"typ": "JWT"}),
    "another issuer": lambda: signed(iss="https://painelml.example/prod"),
    "another audience": lambda: signed(aud="another-api"),
    "expired": lambda: signed(exp=datetime.now(UTC) - timedelta(seconds=6)),
    "not yet": lambda: signed(iat=datetime.now(UTC) + timedelta(hours=1)),
    "no end": lambda: signed(exp=None),
    "no session": lambda: signed(sid=None),
    "no tenant": lambda: signed(tenant=None),
    "a tenant that is no id": lambda: signed(tenant="*"),
}


@pytest.mark.req("A047", "K11", "A151", "A161", "B013")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_unauthorized(forgery: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$") as refusal:
        ask(FORGERIES[forgery]())
    assert refusal.value.__cause__ is None


@pytest.mark.req("A047", "A048", "B013")
def test_a_live_token_opens_the_stage_for_its_caller() -> None:
    policy = ask(tokens.issue(CALLER))
    (statement,) = policy["policyDocument"]["Statement"]
    assert statement == {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": "arn:aws:execute-api:sa-east-1:123456789012:abc123/api/*",
    }
    assert policy["principalId"] == str(CALLER.user_id)
    assert all(isinstance(value, str) for value in policy["context"].values())
    assert Caller.from_context(policy["context"]) == CALLER


@pytest.mark.parametrize(("header", "scheme"), [("authorization", "Bearer "), ("AUTHORIZATION", "bearer ")])
def test_the_header_is_found_by_any_case(header: str, scheme: str) -> None:
    assert ask(tokens.issue(CALLER), header=header, scheme=scheme)["principalId"] == str(CALLER.user_id)


@pytest.mark.parametrize("scheme", ["", "Basic ", "Bearer"])
def test_another_scheme_is_unauthorized(scheme: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(tokens.issue(CALLER), scheme=scheme)


def test_a_request_without_headers_is_unauthorized() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        handler({"methodArn": ARN, "headers": None}, None)


@pytest.mark.req("K11")
def test_a_retired_key_still_proves_what_it_signed() -> None:
    old = tokens.issue(CALLER)
    fresh = keys._MAKERS["jwt"]()
    both = {"current": fresh["current"], "keys": SIGNING["keys"] | fresh["keys"]}
    with patch("painelml.identity.tokens.parameter", lambda _name, **_: keys.jwks(both)):
        assert tokens.prove(old) == CALLER
    with (
        patch("painelml.identity.tokens.parameter", lambda _name, **_: keys.jwks(fresh)),
        pytest.raises(Exception, match="Unauthorized"),
    ):
        ask(old)


@pytest.mark.req("A047")
def test_a_token_lives_fifteen_minutes() -> None:
    moment = datetime.now(UTC)
    with patch("painelml.identity.tokens.now", lambda: moment - timedelta(minutes=14, seconds=55)):
        young = tokens.issue(CALLER)
    with patch("painelml.identity.tokens.now", lambda: moment - timedelta(minutes=15, seconds=6)):
        old = tokens.issue(CALLER)
    assert ask(young)
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(old)


def test_nothing_of_a_refused_token_reaches_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    token = edited()
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(token)
    assert not any(part in capsys.readouterr().out for part in token.split("."))
