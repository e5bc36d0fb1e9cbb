"""Keys are replaced while everyone goes on working."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import boto3
import jwt
import pytest

from lambdas.operations.handler import handler as operations
from painelml.core import secrets
from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.config import config
from painelml.core.crypto import seal, unseal
from painelml.core.db import tenant_session
from painelml.core.errors import Unauthenticated
from painelml.core.secrets import secret
from painelml.identity import keys, rotation, tokens
from painelml.identity.rotation import OUTLIVED, SPREAD
from painelml.marketplace.accounts import queries
from painelml.marketplace.accounts.tokens import access_token
from tests.people import sign_up, stranger, tenant_of
from tests.sellers import connect
from tests.simulator import Simulator


@pytest.fixture
def own_keys(aws: str, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Keys of this test's own: others sign with theirs at the same time."""
    name = f"/painelml/local/keys-{uuid4()}"
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps({"stripe": {"webhook_secrets": ["kept"]}}))
    for purpose in ("JWT", "ENCRYPTION", "WEBHOOKS"):
        monkeypatch.setenv(f"PAINEL_SECRET_{purpose}", name)
    monkeypatch.setenv("PAINEL_PARAMETERS", f"/painelml/{uuid4()}")
    config.cache_clear()
    secrets.forget()
    operations({"verb": "init-keys"}, None)
    yield
    monkeypatch.undo()
    config.cache_clear()
    secrets.forget()


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def works(token: str, caller: Caller) -> bool:
    try:
        return tokens.prove(token) == caller
    except Unauthenticated:
        return False


@pytest.mark.req("K11", "A047")
def test_tokens_before_during_and_after_a_rotation_all_work(own_keys: None) -> None:
    caller, began = stranger(), now()
    before = tokens.issue(caller)

    published = rotation.rotate_signing_key(began)
    during = tokens.issue(caller)
    assert (published.step, len(published.published)) == ("published", 2)
    assert kid(during) == kid(before), "nobody signs with a key that some authorizer may not know yet"
    assert works(before, caller) and works(during, caller)

    early = rotation.rotate_signing_key(began + SPREAD - timedelta(seconds=1))
    assert (early.step, early.current) == ("waiting", kid(before))

    promoted = rotation.rotate_signing_key(began + SPREAD)
    after = tokens.issue(caller)
    assert (promoted.step, kid(after)) == ("promoted", promoted.current)
    assert kid(after) != kid(before)
    assert all(works(token, caller) for token in (before, during, after))

    waiting = rotation.rotate_signing_key(began + SPREAD + OUTLIVED - timedelta(seconds=1))
    assert (waiting.step, len(waiting.published)) == ("waiting", 2)
    removed = rotation.rotate_signing_key(began + SPREAD + OUTLIVED)
    assert (removed.step, removed.published, removed.next_at) == ("removed", [kid(after)], None)
    assert works(after, caller)
    assert not works(before, caller), "every token of the old key had run out by then"


def test_the_old_key_outlives_every_token_of_it() -> None:
    """A process may sign with what it keeps until it reads anew; its last token then lives its whole life."""
    assert timedelta(seconds=secrets.KEEP_SECONDS) + tokens.LIFETIME + tokens.CLOCK_SKEW <= OUTLIVED
    assert timedelta(seconds=secrets.KEEP_SECONDS) < SPREAD


def test_a_rotation_that_was_cut_short_is_gone_on_with(own_keys: None) -> None:
    """The secret was written, the parameter was not: the same call again publishes."""
    first = rotation.rotate_signing_key()
    secrets.set_parameter("jwks", '{"keys": []}')
    again = operations({"verb": "rotate-keys"}, None)
    assert again["step"] == "waiting"
    assert {key["kid"] for key in json.loads(secrets.parameter("jwks"))["keys"]} == set(first.published)


@pytest.mark.req("K11", "A138")
def test_rotations_at_once_take_one_step_and_publish_what_is_kept(own_keys: None) -> None:
    hands, moment = 6, now()
    together = Barrier(hands)

    def rotate(_hand: int) -> str:
        together.wait(10)
        return rotation.rotate_signing_key(moment).step

    with ThreadPoolExecutor(hands) as pool:
        steps = sorted(pool.map(rotate, range(hands)))

    assert steps == ["published", *["waiting"] * (hands - 1)]
    secrets.forget()
    assert {key["kid"] for key in json.loads(secrets.parameter("jwks"))["keys"]} == set(secret("jwt")["keys"])
    assert len(secret("jwt")["keys"]) == 2


def test_signing_and_encryption_keys_at_once_in_one_secret_lose_nothing(own_keys: None) -> None:
    """Grouped, as economy does: whoever writes the secret writes all of it."""
    hands, first = 6, set(secret("encryption")["keys"])
    together = Barrier(hands + 1)

    def reseal(_hand: int) -> str:
        together.wait(10)
        return rotation.rotate_encryption_key()

    with ThreadPoolExecutor(hands + 1) as pool:
        made = pool.map(reseal, range(hands))
        signing = pool.submit(lambda: (together.wait(10), rotation.rotate_signing_key())[1])
        sealing = set(made)
        published = set(signing.result().published)

    secrets.forget()
    assert set(secret("encryption")["keys"]) == first | sealing
    assert set(secret("jwt")["keys"]) == published


def test_what_another_process_published_meanwhile_stays(own_keys: None) -> None:
    """A process keeps what it read for five minutes, and a silo may have been made since."""
    rotation.rotate_signing_key()
    secrets.parameter("jwks")
    stale = dict(secrets._kept)
    keys.publish_silo("silo-1", keys.signing_keys())
    secrets._kept.clear()
    secrets._kept.update(stale)
    assert rotation.rotate_signing_key().step == "waiting"
    assert "silo-1" in {key.get(tokens.PLACEMENT) for key in json.loads(secrets.parameter("jwks"))["keys"]}


def test_what_else_is_in_the_secret_stays(own_keys: None) -> None:
    held = secret("jwt")["refresh"]
    rotation.rotate_signing_key()
    assert secret("jwt")["refresh"] == held
    assert secrets.secret_document(config().require("secret_jwt"))["stripe"] == {"webhook_secrets": ["kept"]}


def test_what_an_old_key_sealed_opens_after_a_new_one_came(own_keys: None) -> None:
    sealed = seal("segredo", bound_to="a/b/c")
    new = operations({"verb": "rotate-encryption-key"}, None)["current"]
    assert unseal(sealed, bound_to="a/b/c") == "segredo"
    assert seal("outro", bound_to="a/b/c").startswith(new.encode() + b"\0")


def test_a_process_that_does_not_know_the_new_key_yet_asks_for_it(own_keys: None) -> None:
    stale = dict(secrets._kept) or {}
    secret("encryption")
    stale = dict(secrets._kept)
    rotation.rotate_encryption_key()
    sealed = seal("novo", bound_to="a/b/c")
    secrets._kept.clear()
    secrets._kept.update(stale)
    assert unseal(sealed, bound_to="a/b/c") == "novo"


@pytest.mark.req("A047")
def test_tokens_of_sellers_are_sealed_anew(sim: Simulator) -> None:
    owner = sign_up()
    account_id = connect(owner, sim, sim.seller(items=1, orders=1, days=5))
    before = access_token(tenant_of(owner), account_id)
    new = operations({"verb": "rotate-encryption-key"}, None)["current"]
    assert operations({"verb": "reseal-tokens"}, None)["resealed"] >= 1
    with tenant_session(tenant_of(owner)) as session:
        row = queries.tokens(session, account_id)
    assert row is not None
    assert bytes(row["access_token"]).startswith(new.encode() + b"\0")
    assert access_token(tenant_of(owner), account_id) == before
