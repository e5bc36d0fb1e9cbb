"""Counting to the limit and not past it, however many come at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from lambdas.operations.handler import handler as operations
from painelml.core.clock import now
from painelml.core.crypto import random_token, token_hash
from painelml.core.db import disconnect, tenant_session
from painelml.core.ids import uuid7
from painelml.identity import queries as people_queries
from painelml.identity import recovery
from painelml.identity import service as people
from painelml.identity.models import Acceptance, NewUser, UserChanges
from painelml.identity.permissions import Role
from painelml.plans import service
from painelml.plans.errors import LimitReached
from painelml.plans.models import MEASURES, Entitlement, percent, warns
from tests.http import call, gateway
from tests.operators import put_on
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.plans import accounts, add_user, usage
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")


@pytest.mark.req("K08")
@pytest.mark.parametrize(("current", "warned"), [(89, False), (90, True), (91, True)])
def test_from_ninety_percent_on_there_is_a_warning(master: Person, current: int, warned: bool) -> None:
    owner = sign_up()
    put_on(master, owner, "atendimento.starter", agreed_limits={"conversations_month": 100})
    with tenant_session(tenant_of(owner)) as session:
        used = service.check_and_consume(session, Entitlement.CONVERSATIONS_MONTH, current)
    assert (used.current, used.limit, used.warning) == (current, 100, warned)
    use = usage(owner)["conversations_month"]
    assert (use["current"], use["limit"], use["percent"], use["warning"]) == (current, 100, current, warned)


def test_a_percentage_of_nothing_warns_of_nothing() -> None:
    assert (percent(0, 0), percent(5, None), warns(0, 0), warns(5, None)) == (None, None, False, False)


@pytest.mark.req("D059", "K38", "K08")
def test_the_meters_show_current_and_limit(master: Person) -> None:
    owner = sign_up()
    put_on(master, owner, "atendimento.starter")
    with tenant_session(tenant_of(owner)) as session:
        service.check_and_consume(session, Entitlement.MESSAGES_MONTH, 7)
        service.check_and_consume(session, Entitlement.STORAGE_GB, 2_000)
        service.give_back(session, Entitlement.STORAGE_GB, 500)
    found = {name: (use["current"], use["limit"], use["unit"]) for name, use in usage(owner).items()}
    assert set(found) == set(map(str, MEASURES))
    assert found["messages_month"] == (7, 10_000, "count")
    assert found["storage_gb"] == (1_500, 5 * 10**9, "byte")
    assert found["agents"] == (1, 3, "count")


@pytest.mark.req("K08")
def test_at_the_limit_the_answer_names_it_and_the_way_up(master: Person) -> None:
    owner = sign_up()
    assert "painel-limit-warning" not in add_user(owner).headers
    full = add_user(owner)
    assert (full.status, full.headers["painel-limit-warning"]) == (201, "agents;current=3;limit=3")
    refused = add_user(owner)
    assert (refused.status, refused.json["code"]) == (402, "limit_reached")
    assert {name: refused.json[name] for name in ("entitlement", "limit", "current", "plan", "upgrade")} == {
        "entitlement": "agents",
        "limit": 3,
        "current": 3,
        "plan": "painel.free",
        "upgrade": "/billing/plans",
    }
    assert add_user(owner, "VIEWER").status == 201
    put_on(master, owner, "painel.pro")
    assert add_user(owner).status == 201


def test_use_is_undone_with_its_effect(master: Person) -> None:
    owner = sign_up()
    put_on(master, owner, "atendimento.starter")
    with pytest.raises(ZeroDivisionError), tenant_session(tenant_of(owner)) as session:
        service.check_and_consume(session, Entitlement.MESSAGES_MONTH, 7)
        _ = 1 / 0
    assert usage(owner)["messages_month"]["current"] == 0


@pytest.mark.req("K08")
@pytest.mark.parametrize("entitlement", [Entitlement.CONVERSATIONS_MONTH, Entitlement.STORAGE_GB])
def test_fifty_at_once_do_not_pass_a_counted_limit(master: Person, entitlement: Entitlement) -> None:
    owner = sign_up()
    put_on(master, owner, "atendimento.starter", agreed_limits={"conversations_month": 20, "storage_gb": 1})
    amount = 50_000_000 if entitlement is Entitlement.STORAGE_GB else 1

    def one(_: int) -> bool:
        try:
            with tenant_session(tenant_of(owner)) as session:
                service.check_and_consume(session, entitlement, amount)
            return True
        except LimitReached:
            return False
        finally:
            disconnect()

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(one, range(50)))
    assert sum(outcomes) == 20
    assert usage(owner)[entitlement]["percent"] == 100


@pytest.mark.req("A077", "K08")
def test_fifty_at_once_do_not_pass_a_measured_limit(master: Person) -> None:
    owner = sign_up()
    put_on(master, owner, "painel.pro", agreed_limits={"ml_accounts": 4})

    def one(number: int) -> bool:
        try:
            with tenant_session(tenant_of(owner)) as session:
                service.check_and_consume(session, Entitlement.ML_ACCOUNTS)
                session.execute(
                    """
                    insert into app.ml_accounts (tenant_id, id, seller_id, site_id, nickname, connected_by, connected_at)
                    values (%(tenant_id)s, %(id)s, %(seller)s, 'MLB', 'LOJA', %(by)s, now())
                    """,
                    id=uuid7(),
                    seller=number + 1,
                    by=owner.caller.user_id,
                )
            return True
        except LimitReached:
            return False
        finally:
            disconnect()

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(one, range(50)))
    assert (sum(outcomes), len(accounts(owner))) == (4, 4)


@pytest.mark.req("K08")
def test_fifty_colleagues_added_at_once_do_not_pass_the_plan() -> None:
    owner = sign_up()

    def one(_: int) -> bool:
        wanted = {"name": "Colega", "email": unique_email("colega"), "password": PASSWORD, "role": "AGENT"}
        try:
            people.add_user(owner.caller, NewUser.model_validate(wanted))
            return True
        except LimitReached:
            return False
        finally:
            disconnect()

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(one, range(50)))
    assert sum(outcomes) == 2
    assert usage(owner)["agents"]["current"] == 3


def invited(owner: Person, count: int, role: str = "AGENT") -> list[Acceptance]:
    """As many people with a link of their own, who have not used it yet. Armed in the database: no letters are sent."""
    acceptances = []
    for number in range(count):
        token, moment = random_token(), now()
        with tenant_session(tenant_of(owner)) as session:
            invitation = uuid7()
            people_queries.invite(
                session,
                invitation,
                email=unique_email(f"convidada{number}"),
                role=role,
                inviter=owner.caller.user_id,
                moment=moment,
                until=moment + timedelta(days=1),
            )
            people_queries.arm_invitation(session, invitation, token_hash(token), moment=moment)
        acceptances.append(Acceptance.model_validate({"token": token, "name": "Convidada", "password": PASSWORD}))
    return acceptances


def accept(wanted: Acceptance) -> bool:
    try:
        recovery.accept_invitation(wanted)
        return True
    except LimitReached:
        return False
    finally:
        disconnect()


@pytest.mark.req("K08", "D059")
def test_fifty_acceptances_at_once_do_not_pass_the_plan() -> None:
    owner = sign_up()
    wanted = invited(owner, 50)
    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(accept, wanted))
    assert sum(outcomes) == 2
    assert usage(owner)["agents"]["current"] == 3
    listed = call(gateway, "GET", "/users", query={"limit": "100"}, token=owner.access_token).json["data"]
    assert len(listed) == 3, "who found no room left neither account nor membership"


@pytest.mark.req("K08", "K09")
def test_acceptances_at_once_do_not_pass_the_plan_of_a_tenant_with_its_own_database(master: Person, database: Database) -> None:
    """Members are the directory's, which is committed after the silo: the counter is held where they are."""
    email = unique_email("silo")
    args = {"name": "Marca Própria", "email": email, "plan": "atendimento.white_label"}
    owner = log_in(email, operations({"verb": "tenant-create", "args": args}, None)["password"])
    put_on(master, owner, agreed_limits={"agents": 4})
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(accept, invited(owner, 16)))
    assert (sum(outcomes), usage(owner)["agents"]["current"]) == (3, 4)
    with psycopg.connect(database.superuser_url) as pool_database:
        held = pool_database.execute(
            "select entitlement, current from app.usage_counters where tenant_id = %s", [tenant_of(owner)]
        ).fetchall()
    assert ("agents", 4) in held


@pytest.mark.req("K08")
def test_an_invitation_waits_until_the_plan_has_room(master: Person) -> None:
    owner = sign_up()
    first, second, late = invited(owner, 3)
    (viewer,) = invited(owner, 1, "VIEWER")
    assert [accept(each) for each in (first, second, late, viewer)] == [True, True, False, True]
    body = {"token": late.token.get_secret_value(), "name": "Convidada", "password": PASSWORD}
    refused = call(gateway, "POST", "/auth/accept-invitation", body=body)
    assert (refused.status, refused.json["code"], refused.json["entitlement"]) == (402, "limit_reached", "agents")
    assert len(call(gateway, "GET", "/invitations", token=owner.access_token).json["data"]) == 1
    put_on(master, owner, "painel.pro")
    assert accept(late)


@pytest.mark.req("K08")
def test_viewers_promoted_at_once_do_not_pass_the_plan() -> None:
    owner = sign_up()
    viewers = [UUID(add_user(owner, "VIEWER").json["id"]) for _ in range(12)]

    def promote(viewer: UUID) -> bool:
        try:
            with tenant_session(tenant_of(owner)) as session:
                people.change_user(session, owner.caller, viewer, UserChanges(role=Role.AGENT))
            return True
        except LimitReached:
            return False
        finally:
            disconnect()

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(promote, viewers)) == 2
    assert usage(owner)["agents"]["current"] == 3


@pytest.mark.req("K08")
def test_who_is_frozen_stays_a_member_and_frees_no_room(master: Person) -> None:
    owner = sign_up()
    put_on(master, owner, "painel.pro")
    members = [add_user(owner).json["id"] for _ in range(4)]
    put_on(master, owner, "painel.basic")
    assert (usage(owner)["agents"]["current"], usage(owner)["agents"]["frozen"]) == (3, 2)
    assert not accept(invited(owner, 1)[0]), "the room is taken by those who work"
    listed = call(gateway, "GET", "/users", token=owner.access_token).json["data"]
    assert [user["role"] for user in listed] == ["OWNER", *["AGENT"] * 4], "freezing changes no role"
    assert call(gateway, "DELETE", f"/users/{members[0]}", token=owner.access_token).status == 204
    assert (usage(owner)["agents"]["current"], usage(owner)["agents"]["frozen"]) == (3, 1), "the oldest frozen one thaws"


def test_someone_promoted_or_called_back_needs_room() -> None:
    owner = sign_up()
    viewer = add_user(owner, "VIEWER").json["id"]
    first, _ = add_user(owner).json["id"], add_user(owner)
    promoted = call(gateway, "PATCH", f"/users/{viewer}", body={"role": "ADMIN"}, token=owner.access_token)
    assert (promoted.status, promoted.json["entitlement"]) == (402, "agents")
    assert call(gateway, "DELETE", f"/users/{first}", token=owner.access_token).status == 204
    assert call(gateway, "PATCH", f"/users/{viewer}", body={"role": "ADMIN"}, token=owner.access_token).status == 200
    back = call(gateway, "PATCH", f"/users/{first}", body={"is_active": True}, token=owner.access_token)
    assert back.status == 402
