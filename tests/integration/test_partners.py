"""Partners: their own sub-tenants, as many as they may have, and the end of both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest

from lambdas.operations.handler import handler as operations
from painelml.core import db, objects
from painelml.core.ids import uuid7
from painelml.identity.passwords import hash_password
from painelml.tenancy import provisioning
from painelml.tenancy.errors import PartnerLimitReached
from painelml.tenancy.provisioning import OwnerSecrets
from tests.http import call, gateway
from tests.operators import ask, open_by, platform_person, wish
from tests.people import PASSWORD, Person, log_in, tenant_of, unique_email
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")


# Partners ----------------------------------------------------------------------------------------------------


@pytest.mark.req("K43", "K46")
def test_a_partner_runs_its_own_sub_tenants_and_touches_no_other(master: Person) -> None:
    partner, rival = platform_person("PARTNER", max_accounts=5), platform_person("PARTNER")
    mine, theirs, direct = open_by(partner, max_accounts=3), open_by(rival), open_by(master)
    assert mine.status == 201, mine.text
    listed = ask(partner, "GET", "/admin/tenants").json["data"]
    assert [tenant["id"] for tenant in listed] == [mine.json["tenant"]["id"]]
    for foreign in (theirs, direct):
        path = f"/admin/tenants/{foreign.json['tenant']['id']}"
        for method, at, body in (
            ("GET", path, None),
            ("GET", f"{path}/provisioning", None),
            ("PATCH", path, {"name": "Minha"}),
            ("DELETE", path, None),
        ):
            answer = ask(partner, method, at, body)
            assert (answer.status, answer.json["code"]) == (404, "not_found")
    own = f"/admin/tenants/{mine.json['tenant']['id']}"
    assert ask(partner, "PATCH", own, {"name": "Renomeada"}).json["name"] == "Renomeada"
    assert ask(partner, "PATCH", own, {"plan": "PRO"}).status == 403


@pytest.mark.req("K43", "D002", "K56")
def test_sub_tenants_together_stay_within_the_partners_limit() -> None:
    partner = platform_person("PARTNER", max_accounts=5)
    first = open_by(partner, max_accounts=3).json["tenant"]
    refused = open_by(partner, max_accounts=3)
    assert (refused.status, refused.json["code"]) == (409, "partner_limit_reached")
    raised = ask(partner, "PATCH", f"/admin/tenants/{first['id']}", {"max_accounts": 6})
    assert (raised.status, raised.json["code"]) == (409, "partner_limit_reached")
    assert open_by(partner, max_accounts=2).status == 201
    assert len(ask(partner, "GET", "/admin/tenants").json["data"]) == 2
    assert open_by(partner, plan="ENTERPRISE").json["code"] == "plan_not_for_partners"


@pytest.mark.req("D002", "K56")
def test_a_partner_runs_a_hundred_sub_tenants(database: Database) -> None:
    partner = platform_person("PARTNER", max_accounts=100)
    assert ask(partner, "PATCH", "/branding", {"company_name": "Revenda"}).status == 200
    hashed = hash_password(PASSWORD)
    for _ in range(100):
        below = wish(parent_id=tenant_of(partner), max_accounts=1)
        assert provisioning.provision(uuid7(), below, OwnerSecrets(uuid7(), hashed)).status == "done"
    listed: list[str] = []
    page = call(gateway, "GET", "/admin/tenants", query={"limit": "60"}, token=partner.access_token).json
    while True:
        listed += [tenant["id"] for tenant in page["data"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": "60", "cursor": page["next_cursor"]}
        page = call(gateway, "GET", "/admin/tenants", query=query, token=partner.access_token).json
    assert len(listed) == len(set(listed)) == 100
    assert ask(log_in(below.owner_email), "GET", "/branding").json["company_name"] == "Revenda"
    assert open_by(partner, max_accounts=1).json["code"] == "partner_limit_reached"


@pytest.mark.req("D002", "K56")
def test_of_sub_tenants_opened_at_once_those_stay_that_fit() -> None:
    partner, hashed = platform_person("PARTNER", max_accounts=5), hash_password(PASSWORD)
    together = Barrier(3)

    def open_one(_hand: int) -> str:
        together.wait(10)
        below = wish(parent_id=tenant_of(partner), max_accounts=3)
        try:
            return provisioning.provision(uuid7(), below, OwnerSecrets(uuid7(), hashed)).status
        except PartnerLimitReached as refused:
            return refused.code
        finally:
            db.disconnect()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(open_one, range(3))) == ["done", "partner_limit_reached", "partner_limit_reached"]
    assert len(ask(partner, "GET", "/admin/tenants").json["data"]) == 1


# The end of a partner ----------------------------------------------------------------------------------------------------


def run(verb: str, **args: Any) -> Any:
    return operations({"verb": verb, "args": args}, None)


def family() -> tuple[UUID, list[UUID]]:
    partner = platform_person("PARTNER", max_accounts=5)
    return tenant_of(partner), [UUID(open_by(partner, max_accounts=2).json["tenant"]["id"]) for _ in range(2)]


def tombstones(database: Database, *tenants: UUID) -> set[UUID]:
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute("select tenant_id from directory.tombstones where tenant_id = any (%s)", [list(tenants)])
        in_database = {tenant for (tenant,) in found}
    return in_database | {tenant for tenant in tenants if f"tombstones/{tenant}.json" in set(objects.keys("tombstones/"))}


@pytest.mark.req("D002", "K46")
def test_a_partner_with_sub_tenants_is_not_cancelled(master: Person) -> None:
    partner, below = family()
    refused = ask(master, "DELETE", f"/admin/tenants/{partner}")
    assert (refused.status, refused.json["code"], refused.json["count"]) == (409, "sub_tenants_left", 2)
    assert {one["id"] for one in refused.json["sub_tenants"]} == {str(one) for one in below}
    assert "Cancele-os primeiro" in refused.json["detail"]
    told = run("tenant-move", id=str(partner), status="CANCELLED")
    assert told["error"]["code"] == "sub_tenants_left"
    assert ask(master, "GET", f"/admin/tenants/{partner}").json["status"] == "ACTIVE"
    for one in below:
        assert ask(master, "DELETE", f"/admin/tenants/{one}").status == 204
    assert ask(master, "DELETE", f"/admin/tenants/{partner}").status == 204


@pytest.mark.req("D002", "D008")
def test_a_partner_is_erased_with_its_sub_tenants_or_not_at_all(database: Database) -> None:
    partner, below = family()
    for one in (*below, partner):
        if one != below[1]:
            with psycopg.connect(database.superuser_url, autocommit=True) as connection:
                connection.execute("update directory.tenants set status = 'CANCELLED' where id = %s", [one])
    with pytest.raises(ValueError, match=f"{below[0]}.*{below[1]}.*--with-sub-tenants"):
        run("erase-tenant", tenant=str(partner))
    with pytest.raises(ValueError, match=f"{below[1]} is TRIAL. Cancel it first"):
        run("erase-tenant", tenant=str(partner), with_sub_tenants=True)
    assert tombstones(database, partner, *below) == set(), "refused before anything is laid"

    assert run("tenant-move", id=str(below[1]), status="CANCELLED")["status"] == "CANCELLED"
    receipt = run("erase-tenant", tenant=str(partner), with_sub_tenants=True)
    assert [one["tenant_id"] for one in receipt.pop("sub_tenants")] == [str(one) for one in sorted(below)]
    assert tombstones(database, partner, *below) == {partner, *below}
    assert run("erase-tenant", tenant=str(partner)) == receipt
    shown = {tenant["id"] for tenant in run("tenant-list")["tenants"]}
    assert shown.isdisjoint(str(one) for one in (partner, *below))


@pytest.mark.req("D008")
def test_a_restored_partner_is_erased_after_its_sub_tenants(database: Database) -> None:
    """Their ids sort the other way round."""
    partner, below = uuid7(), uuid7()
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        for tenant, parent in ((partner, None), (below, partner)):
            connection.execute(
                "insert into directory.tenants (id, name, email, status, parent_id) values (%s, 'R', %s, 'ACTIVE', %s)",
                [tenant, unique_email(), parent],
            )
            objects.put(f"tombstones/{tenant}.json", b"{}", content_type="application/json")
    gone = {receipt["tenant_id"]: receipt["rows"]["directory.tenants"] for receipt in run("replay-erasures")["receipts"]}
    assert (gone[str(partner)], gone[str(below)]) == (1, 1)
