"""The daily clean-up forgets what is over, tenant by tenant, and says so when a part of it failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from lambdas.auth.handler import handler as auth
from lambdas.cleanup import handler as cleanup
from lambdas.tenants.handler import handler as tenants
from painelml.core import db
from painelml.core.errors import DatabaseUnavailable
from painelml.identity.retention import prune_sessions
from painelml.tenancy.registry import every_tenant
from tests.http import Context, call
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")


def age(database: Database, owner: Person, **by: Any) -> None:
    """Moves what the tenant has into the past."""
    delta = timedelta(**by)
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(
            "update directory.sessions set created_at = created_at - %s, expires_at = expires_at - %s where tenant_id = %s",
            [delta, delta, tenant_of(owner)],
        )
        connection.execute(
            "update app.idempotency_keys set claimed_at = claimed_at - %s where tenant_id = %s", [delta, tenant_of(owner)]
        )


def held(database: Database, owner: Person) -> tuple[int, int]:
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute(
            """select (select count(*) from directory.sessions where tenant_id = %(t)s),
                      (select count(*) from app.idempotency_keys where tenant_id = %(t)s)""",
            {"t": tenant_of(owner)},
        ).fetchone()
    assert row is not None
    return row


def busy_owner() -> Person:
    """Two tokens in one family, and one kept answer."""
    owner = sign_up()
    call(auth, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token})
    body = {"name": "X", "email": unique_email(), "password": PASSWORD, "role": "VIEWER"}
    call(tenants, "POST", "/users", body=body, token=owner.access_token, headers={"Idempotency-Key": "k"})
    return owner


@pytest.mark.req("B048", "K11")
def test_what_is_over_goes_and_what_lives_stays(database: Database) -> None:
    over, alive = busy_owner(), busy_owner()
    age(database, over, days=31)
    log_in(over.email)

    gone = cleanup.handler({}, Context())

    assert gone["sessions"] >= 2
    assert gone["idempotency_keys"] >= 1
    assert held(database, over) == (1, 0)
    assert held(database, alive) == (2, 1)


def test_a_family_stays_while_its_newest_token_could_be_used(database: Database) -> None:
    owner = busy_owner()
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(
            "update directory.sessions set expires_at = now() where family_id = id and tenant_id = %s", [tenant_of(owner)]
        )
    cleanup.handler({}, Context())
    assert held(database, owner)[0] == 2


def test_many_families_go_in_several_steps(database: Database) -> None:
    owner = sign_up()
    for _ in range(4):
        log_in(owner.email)
    age(database, owner, days=8)
    with patch("painelml.identity.retention.FAMILIES_AT_ONCE", 2):
        assert prune_sessions() >= 5
    assert held(database, owner)[0] == 0


def test_one_parts_fault_does_not_keep_the_others_from_their_work(database: Database) -> None:
    owner = busy_owner()
    age(database, owner, days=31)

    def broken() -> int:
        raise DatabaseUnavailable

    with (
        patch.dict(cleanup.DIRECTORY_PRUNES, {"broken": broken}),
        pytest.raises(RuntimeError, match=r"1 parts of the clean-up failed: broken"),
    ):
        cleanup.handler({}, Context())
    assert held(database, owner) == (0, 0)


def test_one_tenants_fault_is_named_and_the_others_are_done(database: Database) -> None:
    owner, broken = busy_owner(), sign_up()
    age(database, owner, days=31)
    honest = cleanup.TENANT_PRUNES["idempotency_keys"]

    def prune(session: db.TenantSession) -> int:
        if session.tenant_id == tenant_of(broken):
            raise ValueError("planted")
        return honest(session)

    with (
        patch.dict(cleanup.TENANT_PRUNES, {"idempotency_keys": prune}),
        pytest.raises(RuntimeError, match=str(tenant_of(broken))),
    ):
        cleanup.handler({}, Context())
    assert held(database, owner) == (0, 0)


def test_it_stops_before_its_time_runs_out(database: Database) -> None:
    owner = busy_owner()
    age(database, owner, days=31)
    cleanup.handler({}, Context(remaining_ms=5_000))
    assert held(database, owner) == (0, 1)


def test_every_tenant_is_visited_once_however_many_pages() -> None:
    made = {tenant_of(sign_up()) for _ in range(3)}
    with patch("painelml.tenancy.registry.TENANTS_AT_ONCE", 2):
        visited = list(every_tenant())
    assert made <= set(visited)
    assert len(visited) == len(set(visited))
    assert datetime.now(UTC).tzinfo is not None
