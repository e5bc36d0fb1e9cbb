"""A new tenant, step by step: taken up again after a crash, on any plan, from the API and by command."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from lambdas.operations.handler import handler as operations
from painelml.core.ids import uuid7
from painelml.identity.passwords import hash_password
from painelml.tenancy import provisioning, queries
from painelml.tenancy.provisioning import STEPS, OwnerSecrets
from tests.http import call, gateway
from tests.operators import ask, open_by, platform_person, wish
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.servers import Database
from tests.unit.test_plan_catalogue import PLANS

pytestmark = pytest.mark.usefixtures("platform")


@pytest.mark.req("D022", "D026")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_is_taken_up_again(step: str, when: str) -> None:
    tenant_id, wanted, owner = uuid7(), wish(), OwnerSecrets(uuid7(), hash_password(PASSWORD))
    whole = queries.provision

    def dies(session: Any, this: str, secrets: dict[str, str]) -> bool:
        done = whole(session, this, secrets) if when == "after" or this != step else False
        if this == step:
            raise RuntimeError("the power went")
        return done

    with patch("painelml.tenancy.queries.provision", dies), pytest.raises(RuntimeError, match="power"):
        provisioning.provision(tenant_id, wanted, owner)
    for _ in range(2):
        done = provisioning.provision(tenant_id, wanted, owner)
        assert done.status == "done"
        assert all(each.done_at for each in done.steps)
        assert done.attempts == 2
    assert tenant_of(log_in(wanted.email)) == tenant_id


@pytest.mark.req("D022")
def test_what_can_never_be_met_leaves_nothing_behind(database: Database) -> None:
    taken, tenant_id = sign_up(), uuid7()
    wanted = wish(owner_email=taken.email)
    with pytest.raises(Exception, match="email_taken"):
        provisioning.provision(tenant_id, wanted, OwnerSecrets(uuid7(), "x"))
    with psycopg.connect(database.superuser_url) as connection:
        assert connection.execute("select from directory.tenants where id = %s", [tenant_id]).fetchone() is None
        left = connection.execute(
            "select status, error, wanted from directory.provisioning_runs where tenant_id = %s", [tenant_id]
        )
        status, error, kept = left.fetchone() or ("", "", {})
    assert (status, error) == ("undone", "email_taken")
    assert kept == {}, "no erasure would find the names of a tenant that is not there"
    assert ask(taken, "GET", "/me").status == 200


def test_a_sign_up_that_broke_is_finished_by_the_next_try() -> None:
    email = unique_email("dona")
    body = {"company_name": "Loja", "name": "Dona", "email": email, "password": PASSWORD}
    whole = queries.provision

    def dies(session: Any, step: str, secrets: dict[str, str]) -> bool:
        if step == "owner":
            raise RuntimeError("the power went")
        return whole(session, step, secrets)

    with patch("painelml.tenancy.queries.provision", dies):
        assert call(gateway, "POST", "/auth/register", body=body).status == 500
    assert call(gateway, "POST", "/auth/register", body=body).status == 201
    assert log_in(email)


def subscription_of(tenant_id: str) -> tuple[list[str], str]:
    """Plans by code, and where the rows are."""
    tenant = operations({"verb": "tenant-show", "args": {"id": tenant_id}}, None)["tenant"]
    return tenant["plans"].split(), str(tenant["placement"]).split("-")[0]


@pytest.mark.req("K07", "K09", "K36", "D022", "D056")
@pytest.mark.parametrize("code", PLANS)
def test_a_tenant_is_opened_on_any_plan_of_the_catalogue_and_lives_where_it_says(code: str) -> None:
    args = {"name": "Empresa", "email": unique_email("empresa"), "plan": code}
    would = operations({"verb": "tenant-create", "args": {**args, "dry_run": True}}, None)
    made = operations({"verb": "tenant-create", "args": args}, None)
    assert made["warnings"] == []
    place = "silo" if "silo" in PLANS[code]["flags"] else "pool"
    assert subscription_of(made["tenant"]["id"]) == ([code], place)
    assert (would["plan"], would["placement"]) == (code, place)
    owner = log_in(args["email"], made["password"])
    found = ask(owner, "GET", "/billing/subscription").json
    assert ([item["plan"] for item in found["items"]], found["limits"]) == ([code], PLANS[code]["limits"])


@pytest.mark.req("K09", "K36")
def test_which_plans_have_a_database_of_their_own_is_the_catalogues_word() -> None:
    silos = {code for code, plan in PLANS.items() if "silo" in plan["flags"]}
    assert silos == {"painel.enterprise", "atendimento.enterprise", "atendimento.white_label"}


@pytest.mark.req("K36")
@pytest.mark.parametrize(("given", "code"), [("basic", "painel.basic"), ("pro", "painel.pro"), ("FREE", "painel.free")])
def test_an_old_name_opens_the_plan_that_it_means_with_a_warning(given: str, code: str) -> None:
    args = {"name": "Empresa", "email": unique_email("empresa"), "plan": given, "dry_run": True}
    would = operations({"verb": "tenant-create", "args": args}, None)
    assert would["plan"] == code
    assert would["warnings"] == [f"{given!r} is an old name. The plan is called {code}; use that."]


def test_an_agreed_number_of_accounts_survives_the_plan(master: Person) -> None:
    for plan, agreed in (("atendimento.white_label", 1), ("atendimento.starter", 4), ("painel.pro", 10)):
        args = {"name": "Empresa", "email": unique_email(), "plan": plan, "max_accounts": agreed}
        tenant_id = operations({"verb": "tenant-create", "args": args}, None)["tenant"]["id"]
        assert ask(master, "GET", f"/admin/tenants/{tenant_id}").json["max_accounts"] == agreed


@pytest.mark.req("D022", "D026")
def test_a_sign_up_and_the_operators_command_are_the_same_run() -> None:
    signed_up = str(tenant_of(sign_up()))
    made = operations({"verb": "tenant-create", "args": {"name": "Empresa", "email": unique_email()}}, None)["tenant"]["id"]
    runs = [operations({"verb": "tenant-show", "args": {"id": each}}, None)["provisioning"] for each in (signed_up, made)]
    for run in runs:
        assert (run["status"], run["attempts"]) == ("done", 1)
        assert [step["step"] for step in run["steps"] if step["done_at"]] == list(STEPS)
    assert subscription_of(signed_up) == subscription_of(made) == (["painel.free"], "pool")


@pytest.mark.req("K43")
@pytest.mark.parametrize("code", ["painel.enterprise", "atendimento.enterprise", "atendimento.white_label"])
def test_a_partner_opens_no_database(code: str) -> None:
    assert open_by(platform_person("PARTNER"), plan=code).json["code"] == "plan_not_for_partners"


def test_through_the_api_a_tenant_with_its_own_database_waits_for_the_operator(master: Person) -> None:
    opened = open_by(master, plan="atendimento.white_label").json
    run = ask(master, "GET", f"/admin/tenants/{opened['tenant']['id']}/provisioning").json
    assert (opened["tenant"]["status"], run["status"]) == ("PROVISIONING", "waiting")
    unknown = open_by(master, plan="painel.gold")
    assert (unknown.status, unknown.json["code"]) == (400, "unknown_plan")
    assert "painel.pro" in unknown.json["detail"]


@pytest.mark.req("D022", "K36", "D027")
def test_the_operator_opens_shows_suspends_and_resumes(database: Database) -> None:
    email, tenant_id = unique_email("empresa"), str(uuid7())
    args = {"id": tenant_id, "name": "Empresa", "email": email, "plan": "basic"}
    dry = operations({"verb": "tenant-create", "args": {**args, "dry_run": True}}, None)
    assert dry["dry_run"]
    assert operations({"verb": "tenant-show", "args": {"id": tenant_id}}, None)["error"]["code"] == "not_found"
    made = operations({"verb": "tenant-create", "args": args}, None)
    assert (made["tenant"]["plan"], made["tenant"]["status"]) == ("BASIC", "TRIAL")
    assert "old name" in made["warnings"][0]
    again = operations({"verb": "tenant-create", "args": args}, None)
    assert "password" not in again
    person = log_in(email, made["password"])
    move = {"verb": "tenant-move", "args": {"id": tenant_id, "status": "SUSPENDED"}}
    assert operations({**move, "args": {**move["args"], "dry_run": True}}, None)["dry_run"]  # type: ignore[dict-item]
    assert ask(person, "GET", "/me").status == 200
    assert operations(move, None)["status"] == "SUSPENDED"
    assert ask(person, "GET", "/me").status == 401
    assert operations({"verb": "tenant-move", "args": {"id": tenant_id, "status": "TRIAL"}}, None)["error"]["code"] == (
        "move_not_allowed"
    )
    assert operations({"verb": "tenant-move", "args": {"id": tenant_id, "status": "ACTIVE"}}, None)["status"] == "ACTIVE"
    assert tenant_id in str(operations({"verb": "tenant-list"}, None))
    for bad, code in (
        ({"plan": "gold"}, "unknown_plan"),
        ({"email": "x"}, "invalid_request"),
        ({"id": "x"}, "invalid_request"),
    ):
        assert operations({"verb": "tenant-create", "args": {**args, **bad}}, None)["error"]["code"] == code
