"""A run through the handlers sends nothing that would pin an RDS Proxy connection (B1, B9)."""

from __future__ import annotations

import psycopg
import pytest

from lambdas.auth.handler import handler as auth
from lambdas.cleanup.handler import handler as cleanup
from lambdas.health.handler import handler as health
from painelml.core import db
from tests.http import Context, call, gateway
from tests.people import PASSWORD, open_silo, sign_up, stranger, tenant_of, unique_email
from tests.servers import Database
from tests.wire import BYSTANDER, STATEMENT_LIMIT_BYTES, Overheard, listening, overheard, pins


def walk() -> None:
    """Every route of identity and tenancy, with successes, refusals and errors between."""
    owner = sign_up()
    for _ in range(7):  # beyond the driver's threshold for preparing a statement by name
        call(auth, "GET", "/me", token=owner.access_token)
    body = {"name": "Colega", "email": unique_email(), "password": PASSWORD, "role": "VIEWER"}
    for key in ("k-1", "k-1", "k-2"):
        made = call(gateway, "POST", "/users", body=body, token=owner.access_token, headers={"Idempotency-Key": key})
    made = call(gateway, "POST", "/users", body={**body, "email": unique_email()}, token=owner.access_token)
    path = f"/users/{made.json['id']}"
    call(gateway, "PATCH", path, body={"role": "ADMIN"}, token=owner.access_token)
    call(gateway, "DELETE", path, token=owner.access_token)
    call(gateway, "DELETE", f"/users/{owner.caller.user_id}", token=owner.access_token)
    call(gateway, "GET", "/users", query={"limit": "1"}, token=owner.access_token)
    call(gateway, "PATCH", "/tenant", body={"name": "Outra"}, token=owner.access_token)
    call(gateway, "GET", "/admin/tenants", token=owner.access_token)
    call(auth, "POST", "/auth/login", body={"email": owner.email, "password": "x"})
    call(auth, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token})
    call(auth, "POST", "/auth/logout", body={"refresh_token": owner.refresh_token})
    call(health, "GET", "/ready")
    cleanup({}, Context())


@pytest.mark.req("K49", "A054")
def test_a_run_through_the_handlers_pins_nothing(platform: Database) -> None:
    with listening(platform) as wire:
        walk()
    assert len(wire.statements) > 100
    assert wire.pinning == []


@pytest.mark.req("K49")
def test_every_transaction_enters_its_tenant_first(platform: Database) -> None:
    with listening(platform) as wire:
        walk()
    first = {after for before, after in zip(wire.statements, wire.statements[1:], strict=False) if before.lower() == "begin"}
    judged = "select app.enter_tenant($1), app.standing($2) as standing, (select id from app.silo_of($3)) as silo"
    assert first == {"select app.enter_tenant($1)", judged, "select 1"}


@pytest.mark.req("K49", "K11")
def test_values_never_travel_inside_a_statement(platform: Database) -> None:
    with listening(platform) as wire:
        owner = sign_up()
    said = "\n".join(wire.statements)
    assert owner.email not in said
    assert owner.refresh_token not in said
    assert str(owner.caller.tenant_id) not in said


@pytest.mark.parametrize(
    "statement",
    [
        "SET search_path TO app",
        "select set_config('app.tenant_id', $1, true)",
        "PREPARE p AS select 1",
        "DECLARE c CURSOR FOR select 1",
        "LISTEN news",
        "select pg_advisory_lock(1)",
        "DISCARD ALL",
        "[_pg3_0] select 1",
        "select '" + "x" * STATEMENT_LIMIT_BYTES + "'",
    ],
)
def test_what_would_pin_is_recognised(statement: str) -> None:
    assert pins(statement)


@pytest.mark.parametrize(
    "statement", ["select app.enter_tenant($1)", "update t set name = $1", "select pg_advisory_xact_lock(1)", "BEGIN", "COMMIT"]
)
def test_what_would_not_is_let_be(statement: str) -> None:
    assert not pins(statement)


@pytest.mark.req("K49")
def test_the_guard_hears_a_pinning_statement_on_the_wire(platform: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard itself, on faults that a careless change could bring; a guard of the whole run is told to let them be."""
    monkeypatch.setenv("PGAPPNAME", BYSTANDER)
    with listening(platform) as wire, db.tenant_session(stranger().tenant_id) as session:
        session.execute("select set_config('app.colour', 'blue', true)")
        with psycopg.connect(platform.app_url, prepare_threshold=0) as careless:
            careless.execute("select %s::int", [1])
            careless.execute("select %s::int", [1])
    assert any("set_config" in sent for sent in wire.pinning)
    assert any(sent.startswith("[_pg3_0]") for sent in wire.pinning)


@pytest.mark.req("K49")
def test_a_whole_run_is_heard_but_for_bystanders(platform: Database) -> None:
    heard = Overheard()
    first, second = f"{BYSTANDER}-1", f"{BYSTANDER}-2"
    with overheard(platform, heard, bystander=second):
        for name in (first, second):
            with psycopg.connect(platform.app_url, application_name=name, autocommit=True) as other:
                other.execute(f"set application_name = '{name}'")
        sign_up()
    assert heard.count > 5
    assert heard.pinning == [f"set application_name = '{first}'"]
    with pytest.raises(AssertionError, match="1 statements pin"):
        heard.judge()


@pytest.mark.req("K49", "K09")
def test_a_silos_role_is_heard_too(platform: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    silo = tenant_of(open_silo())
    db.disconnect()
    monkeypatch.setenv("PGAPPNAME", f"{BYSTANDER}-1")
    heard = Overheard()
    with overheard(platform, heard, bystander=f"{BYSTANDER}-2"), db.tenant_session(silo) as session:
        role = session.value("select current_user")
        session.execute("select set_config('app.colour', 'blue', true)")
    db.disconnect()
    assert role == f"app_{silo.hex}"
    assert heard.pinning == ["select set_config('app.colour', 'blue', true)"]
