"""Plans through the real handlers: the catalogue, subscriptions, warnings, freezing, thawing."""

from __future__ import annotations

import psycopg
import pytest

from painelml.core.clock import now
from painelml.core.db import directory_session, tenant_session
from painelml.core.ids import uuid7
from painelml.plans import queries, service
from painelml.plans.models import Entitlement
from tests.http import call, gateway
from tests.operators import put_on
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.plans import accounts, usage

pytestmark = pytest.mark.usefixtures("platform")


def plant_accounts(owner: Person, count: int) -> None:
    with tenant_session(tenant_of(owner)) as session:
        for number in range(count):
            session.execute(
                """
                insert into app.ml_accounts (tenant_id, id, seller_id, site_id, nickname, status, connected_by, connected_at)
                values (%(tenant_id)s, %(id)s, %(seller)s, 'MLB', 'LOJA', %(status)s, %(by)s, %(moment)s)
                """,
                id=uuid7(),
                seller=number + 1,
                status="RECONNECT_REQUIRED" if number == 4 else "ACTIVE",
                by=owner.caller.user_id,
                moment=now(),
            )


def limits(owner: Person) -> dict[Entitlement, int | None]:
    with tenant_session(tenant_of(owner)) as session:
        return queries.limits(session)


# The catalogue and the subscription -------------------------------------------------------------------------------------------


@pytest.mark.req("K07", "K10")
def test_anyone_reads_the_catalogue_in_a_currency() -> None:
    everything = call(gateway, "GET", "/billing/plans")
    assert (everything.status, len(everything.json["plans"])) == (200, 9)
    real = call(gateway, "GET", "/billing/plans", query={"currency": "BRL"}).json
    prices = {plan["code"]: plan["prices"] for plan in real["plans"]}
    assert {price["currency"] for plan in prices.values() for price in plan} == {"BRL"}
    assert prices["atendimento.starter"][0]["amount"] == {"amount": 19_700, "currency": "BRL"}
    assert prices["atendimento.enterprise"][0]["amount"] is None
    assert call(gateway, "GET", "/billing/plans", query={"currency": "EUR"}).status == 400


@pytest.mark.req("B050", "B051", "D056", "D057", "D058")
def test_a_sign_up_has_one_subscription_in_trial(master: Person) -> None:
    owner = sign_up()
    found = call(gateway, "GET", "/billing/subscription", token=owner.access_token).json
    assert [item["plan"] for item in found["items"]] == ["painel.free"]
    assert (found["status"], found["cancel_at_period_end"]) == ("trialing", False)
    assert (found["currency"], found["cycle"], found["trial_ends_at"]) == ("BRL", "monthly", found["period_end"])
    changed = put_on(master, owner, currency="USD", cycle="yearly", cancel_at_period_end=True).json
    assert (changed["currency"], changed["cycle"], changed["cancel_at_period_end"]) == ("USD", "yearly", True)


@pytest.mark.req("B050")
def test_a_stripe_customer_belongs_to_one_tenant(master: Person) -> None:
    customer = f"cus_{uuid7().hex}"
    assert put_on(master, sign_up(), stripe_customer_id=customer).status == 200
    refused = put_on(master, sign_up(), stripe_customer_id=customer)
    assert (refused.status, refused.json["code"]) == (409, "stripe_customer_taken")


@pytest.mark.req("K07")
def test_entitlements_are_the_larger_of_the_lines(master: Person) -> None:
    owner = sign_up()
    answer = put_on(master, owner, "basic", "atendimento.professional")
    assert [item["plan"] for item in answer.json["items"]] == ["painel.basic", "atendimento.professional"]
    assert (limits(owner)[Entitlement.ML_ACCOUNTS], limits(owner)[Entitlement.AGENTS]) == (3, 10)
    assert limits(owner)[Entitlement.CONVERSATIONS_MONTH] == 10_000
    assert put_on(master, owner, "atendimento.starter", "painel.enterprise").status == 200
    assert (limits(owner)[Entitlement.ML_ACCOUNTS], limits(owner)[Entitlement.CONVERSATIONS_MONTH]) == (None, 1_000)


@pytest.mark.req("K36")
@pytest.mark.parametrize(("given", "code"), [("pro", "painel.pro"), ("PRO", "painel.pro"), ("painel.pro", "painel.pro")])
def test_the_scripts_names_are_understood(master: Person, given: str, code: str) -> None:
    owner = sign_up()
    assert put_on(master, owner, given).json["items"][0]["plan"] == code
    path = f"/admin/tenants/{tenant_of(owner)}"
    assert call(gateway, "PATCH", path, body={"plan": given}, token=master.access_token).json["plan"] == "PRO"


@pytest.mark.req("A062", "A055")
def test_billing_shows_and_changes_ones_own_alone(master: Person) -> None:
    owner, rival = sign_up(), sign_up()
    put_on(master, owner, "painel.pro", "atendimento.business", currency="USD")
    with tenant_session(tenant_of(owner)) as session:
        service.check_and_consume(session, Entitlement.MESSAGES_MONTH, 7)
    there = {"X-Tenant-Id": str(tenant_of(owner))}
    for path in ("/billing/subscription", "/tenant/usage"):
        plain = call(gateway, "GET", path, token=rival.access_token)
        named = call(gateway, "GET", path, token=rival.access_token, headers=there)
        assert (plain.status, named.json) == (200, plain.json)
        assert "painel.pro" not in plain.text and "USD" not in plain.text
    assert usage(rival)["messages_month"]["current"] == 0
    assert call(gateway, "GET", f"/admin/tenants/{tenant_of(owner)}/subscription", token=rival.access_token).status == 403


def test_what_is_no_plan_is_named_and_changes_nothing(master: Person) -> None:
    owner = sign_up()
    unknown = put_on(master, owner, "platinum")
    assert (unknown.status, unknown.json["code"], unknown.json["plan"]) == (400, "unknown_plan", "platinum")
    assert "painel.basic" in unknown.json["known"]
    assert put_on(master, owner, "painel.pro", "painel.basic").json["errors"][0]["field"] == "plans"
    assert limits(owner)[Entitlement.ML_ACCOUNTS] == 1


@pytest.mark.req("K37", "D037", "D038", "D039", "D055")
def test_white_label_reads_its_defaults_until_something_is_agreed(master: Person) -> None:
    owner = sign_up()
    put_on(master, owner, "atendimento.white_label")
    wanted = [Entitlement.AGENTS, Entitlement.CONVERSATIONS_MONTH, Entitlement.STORAGE_GB]
    assert [limits(owner)[name] for name in wanted] == [10, 1_000, 10]
    put_on(master, owner, agreed_limits={"agents": 40})
    assert [limits(owner)[name] for name in wanted] == [40, 1_000, 10]
    put_on(master, owner, agreed_limits={"agents": None})
    assert [limits(owner)[name] for name in wanted] == [10, 1_000, 10]


def test_a_tenants_plan_and_its_subscription_say_the_same(master: Person) -> None:
    owner = sign_up()
    path = f"/admin/tenants/{tenant_of(owner)}"
    up = call(gateway, "PATCH", path, body={"plan": "PRO"}, token=master.access_token).json
    assert (up["plan"], up["max_accounts"], limits(owner)[Entitlement.ML_ACCOUNTS]) == ("PRO", 10, 10)
    agreed = call(gateway, "PATCH", path, body={"max_accounts": 12}, token=master.access_token).json
    assert (agreed["max_accounts"], limits(owner)[Entitlement.ML_ACCOUNTS]) == (12, 12)
    put_on(master, owner, "painel.enterprise", agreed_limits={"ml_accounts": None})
    read = call(gateway, "GET", path, token=master.access_token).json
    assert (read["plan"], read["max_accounts"]) == ("ENTERPRISE", None)


def test_only_the_platforms_master_changes_plans(master: Person) -> None:
    owner, other = sign_up(), sign_up()
    assert put_on(owner, other, "painel.pro").status == 403
    with pytest.raises(psycopg.errors.InsufficientPrivilege), tenant_session(tenant_of(other)) as session:
        queries.set_item(session, actor=owner.caller.user_id, line="painel", plan="painel.pro")
    unknown = f"/admin/tenants/{uuid7()}/subscription"
    assert call(gateway, "PATCH", unknown, body={"plans": ["pro"]}, token=master.access_token).status == 404


# Freezing -------------------------------------------------------------------------------------------------------------------


@pytest.mark.req("K08", "A077")
def test_a_smaller_plan_freezes_the_newest_and_a_larger_one_thaws_all(master: Person) -> None:
    owner = sign_up()
    put_on(master, owner, "painel.pro")
    plant_accounts(owner, 6)
    emails = [unique_email("agente") for _ in range(4)]
    for email in emails:
        body = {"name": "Agente", "email": email, "password": PASSWORD, "role": "ADMIN"}
        assert call(gateway, "POST", "/users", body=body, token=owner.access_token).status == 201
    before = accounts(owner)

    put_on(master, owner, "painel.basic")
    assert [status for _, status in accounts(owner)] == ["ACTIVE"] * 3 + ["FROZEN"] * 3
    assert [log_in(email).caller.role for email in emails] == ["ADMIN", "ADMIN", "VIEWER", "VIEWER"]
    found = usage(owner)
    assert (found["ml_accounts"]["current"], found["ml_accounts"]["frozen"]) == (3, 3)
    assert (found["agents"]["current"], found["agents"]["frozen"]) == (3, 2)
    refused = call(gateway, "POST", f"/ml-accounts/{before[5][0]}/sync", body={}, token=owner.access_token)
    assert (refused.status, refused.json["code"]) == (409, "account_frozen")
    read = call(gateway, "GET", f"/ml-accounts/{before[5][0]}", token=owner.access_token).json
    assert (read["status"], read["health"]["state"], read["health"]["reason"]) == ("FROZEN", "broken", "plan_limit")

    put_on(master, owner, "painel.pro")
    assert accounts(owner) == before
    assert [log_in(email).caller.role for email in emails] == ["ADMIN"] * 4


def test_room_that_is_freed_goes_to_the_oldest_that_is_frozen(master: Person) -> None:
    owner = sign_up()
    put_on(master, owner, "painel.pro")
    plant_accounts(owner, 4)
    put_on(master, owner, "painel.basic")
    with tenant_session(tenant_of(owner)) as session:
        session.execute(
            "update app.ml_accounts set status = 'DISCONNECTED' where tenant_id = %(tenant_id)s and id = %(id)s",
            id=accounts(owner)[0][0],
        )
        service.settle(session)
    assert [status for _, status in accounts(owner)] == ["DISCONNECTED", "ACTIVE", "ACTIVE", "ACTIVE"]


def test_a_published_version_stays_what_it_was() -> None:
    with directory_session() as session:
        assert queries.catalogue(session, "1999-01") is None
        newest = queries.catalogue(session)
        assert newest == queries.catalogue(session, "2026-11")
