"""What only the operator does: migrations, keys, platform people; and an honest refusal of the rest."""

from __future__ import annotations

import json
from uuid import uuid4

import boto3
import psycopg
import pytest

from lambdas.operations.handler import handler
from lambdas.operations.verbs import VERBS
from painelml.core import secrets
from painelml.core.config import config
from painelml.core.crypto import seal, unseal
from painelml.core.errors import PainelError
from painelml.identity import keys
from tests.people import PASSWORD, unique_email
from tests.servers import Database


@pytest.mark.parametrize("event", [{}, {"verb": "drop-everything"}, {"verb": None, "args": {}}])
def test_an_unknown_verb_is_refused_with_the_list_of_verbs(event: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Choose one of: audit, audit-export, audit-verify, "):
        handler(event, None)
    tenants = {"tenant-create", "tenant-list", "tenant-move", "tenant-show"}
    assert set(VERBS) >= {"audit", "create-platform-user", "init-keys", "migrate"} | tenants


def test_migrating_twice_changes_nothing_and_ends_with_a_clean_audit(platform: Database) -> None:
    first = handler({"verb": "migrate", "args": {"app_password": "app-on-a-laptop"}}, None)
    assert first == handler({"verb": "migrate", "args": {"app_password": "app-on-a-laptop"}}, None)
    assert set(first) == {"version", "silos"}
    assert handler({"verb": "audit"}, None) == {"findings": []}


def test_a_migration_that_breaks_a_rule_is_told(platform: Database) -> None:
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        connection.execute("grant truncate on app.idempotency_keys to app")
        try:
            with pytest.raises(RuntimeError, match="dangerous_grant"):
                handler({"verb": "migrate", "args": {"app_password": "app-on-a-laptop"}}, None)
        finally:
            connection.execute("revoke truncate on app.idempotency_keys from app")


@pytest.mark.req("A047", "K11")
def test_keys_are_made_once_and_never_replaced(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grouped, as economy does: three purposes in one secret, which holds something else already."""
    name = f"/painelml/local/keys-{uuid4()}"
    client = boto3.client("secretsmanager")
    client.create_secret(Name=name, SecretString=json.dumps({"stripe": {"webhook_secrets": ["kept"]}}))
    for purpose in ("JWT", "ENCRYPTION", "WEBHOOKS"):
        monkeypatch.setenv(f"PAINEL_SECRET_{purpose}", name)
    monkeypatch.setenv("PAINEL_PARAMETERS", f"/painelml/{uuid4()}")
    config.cache_clear()
    secrets.forget()
    try:
        assert handler({"verb": "init-keys"}, None) == {"made": ["jwt", "encryption", "webhooks"], "kept": []}
        made = client.get_secret_value(SecretId=name)["SecretString"]
        assert handler({"verb": "init-keys"}, None) == {"made": [], "kept": ["jwt", "encryption", "webhooks"]}
        assert client.get_secret_value(SecretId=name)["SecretString"] == made

        document = json.loads(made)
        assert document["stripe"] == {"webhook_secrets": ["kept"]}
        assert secrets.parameter("jwks") == keys.jwks(document["jwt"])
        assert len(document["webhooks"]["mercado_livre_token"]) >= 32
        assert unseal(seal("segredo", bound_to="a/b"), bound_to="a/b") == "segredo"
    finally:
        monkeypatch.undo()
        config.cache_clear()
        secrets.forget()


@pytest.mark.req("K43")
def test_a_platform_person_needs_an_email_of_their_own_and_a_good_password(platform: Database) -> None:
    args = {"email": unique_email("gente"), "name": "Gente", "password": PASSWORD, "platform_role": "SUPPORT"}
    handler({"verb": "create-platform-user", "args": args}, None)
    with pytest.raises(PainelError, match="email_taken"):
        handler({"verb": "create-platform-user", "args": args}, None)
    with pytest.raises(ValueError, match="at least 12") as short:
        handler({"verb": "create-platform-user", "args": {**args, "password": "curta"}}, None)
    assert "curta" not in str(short.value)
