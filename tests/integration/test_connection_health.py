"""What a connection's calls say about its health, and what becomes of writes."""

from __future__ import annotations

import json

import pytest

from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core.db import tenant_session
from painelml.marketplace.accounts import health, tokens
from painelml.marketplace.api.transport import Upload
from painelml.marketplace.errors import (
    AccessRefused,
    ApplicationBlocked,
    OutcomeUnknown,
    PermissionMissing,
)
from tests.people import Person, sign_up
from tests.proxy import Proxy
from tests.queues import invoke, record
from tests.sellers import api_of, connect, shown
from tests.servers import Database
from tests.simulator import Simulator

POLICY = '{"code":"PA_UNAUTHORIZED_RESULT_FROM_POLICIES","blocked_by":"PolicyAgent","message":"m","status":403}'
FORBIDDEN = (
    '{"message":"the user has pending documentation","error":"access_denied","status":403,"cause":[],"code":"FORBIDDEN"}'
)


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


# Health ---------------------------------------------------------------------------------------------------------------------


def test_a_missing_permission_is_a_warning_that_names_it_and_the_next_success_ends_it(
    person: Person, proxy: Proxy, sim: Simulator
) -> None:
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    proxy.answer("/orders/search", 403, POLICY)
    with pytest.raises(PermissionMissing):
        api_of(person, account_id).get("/orders/search", seller=seller_id)
    account = shown(person, account_id)
    assert account["status"] == "ACTIVE"
    assert account["health"] == {
        "state": "warning",
        "reason": "permission_missing",
        "problems": [{"reason": "permission_missing", "about": "sales.read"}],
    }
    assert account["reconnect"] == {"method": "POST", "path": "/ml-accounts/connect", "body": {"site_id": "MLB"}}
    # Another permission's success proves nothing.
    api_of(person, account_id).get(f"/users/{seller_id}/items/search")
    assert shown(person, account_id)["health"]["state"] == "warning"
    del proxy.answers["/orders/search"]
    api_of(person, account_id).get("/orders/search", seller=seller_id)
    assert shown(person, account_id)["health"] == {"state": "ok", "reason": None, "problems": []}
    assert shown(person, account_id)["reconnect"] is None


def test_a_permission_to_write_is_not_proved_by_reading(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.answer("/answers", 403, POLICY)
    proxy.answer("/questions", 200, '{"questions": []}')
    with pytest.raises(PermissionMissing):
        api_of(person, account_id).post("/answers", {"question_id": 1, "text": "Temos sim!"})
    api_of(person, account_id).get("/questions/search")
    assert shown(person, account_id)["health"]["problems"] == [{"reason": "permission_missing", "about": "communication.write"}]
    proxy.answer("/answers", 200, "{}")
    api_of(person, account_id).post("/answers", {"question_id": 1, "text": "Temos sim!"})
    assert shown(person, account_id)["health"]["state"] == "ok"


def test_a_foreign_resource_says_nothing_about_the_account(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.answer("/orders/1", 403, FORBIDDEN)
    with pytest.raises(AccessRefused):
        api_of(person, account_id).get("/orders/1")
    assert shown(person, account_id)["health"]["state"] == "ok"


def test_an_account_that_may_not_even_read_itself_is_restricted_until_it_may(
    person: Person, proxy: Proxy, sim: Simulator
) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    for path in ("/orders", "/users/me"):
        proxy.answer(path, 403, FORBIDDEN)
    with pytest.raises(AccessRefused):
        api_of(person, account_id).get("/orders/search")
    account = shown(person, account_id)
    assert (account["status"], account["health"]["state"], account["health"]["reason"]) == (
        "ACTIVE",
        "broken",
        "account_restricted",
    )
    asked = proxy.arrived("/users/me")
    with pytest.raises(AccessRefused):
        api_of(person, account_id).get("/orders/search")
    assert proxy.arrived("/users/me") == asked, "it was looked at already"
    proxy.answers.clear()
    api_of(person, account_id).get("/users/me")
    assert shown(person, account_id)["health"]["state"] == "ok"


def test_pending_documents_are_named_where_mercado_livre_names_them(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.answer("/orders", 403, FORBIDDEN)
    proxy.answer("/users/me", 200, '{"id": 1, "status": {"required_action": "kyc"}}')
    with pytest.raises(AccessRefused):
        api_of(person, account_id).get("/orders/search")
    assert shown(person, account_id)["health"]["reason"] == "pending_kyc"


@pytest.mark.req("B055")
def test_a_blocked_application_shows_on_every_account_and_costs_no_token(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.answer("/orders", 401, '{"code":"unauthorized_scopes","message":"m","status":401}')
    with pytest.raises(ApplicationBlocked):
        api_of(person, account_id).get("/orders/search")
    account = shown(person, account_id)
    assert (account["status"], account["health"]["state"], account["health"]["reason"]) == (
        "ACTIVE",
        "warning",
        "application_blocked",
    )
    assert account["reconnect"] is None
    assert proxy.arrived("/oauth/token") == 1, "only the code's exchange"


def test_silence_of_a_topic_comes_and_goes_by_whoever_watches_it(person: Person, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    for holds, state in ((True, "warning"), (True, "warning"), (False, "ok")):
        with tenant_session(person.caller.tenant_id) as session:
            health.settle(session, account_id, "topic_silent", "orders_v2", holds=holds)
        assert shown(person, account_id)["health"]["state"] == state


def test_a_notification_that_is_refused_by_policy_warns_and_the_next_that_is_read_ends_it(
    person: Person, proxy: Proxy, sim: Simulator
) -> None:
    """The worker reads a batch with tokens fetched before, and learns from it all the same."""
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    order = sim.order(seller_id)
    tenant_id = str(person.caller.tenant_id)
    job = {
        "kind": "refetch",
        "tenant_id": tenant_id,
        "account_id": str(account_id),
        "topic": "orders_v2",
        "resource": f"/orders/{order}",
    }
    proxy.answer("/orders/", 403, POLICY)
    assert invoke(sync_worker, record(job, group=tenant_id)) == []
    assert shown(person, account_id)["health"]["problems"] == [{"reason": "permission_missing", "about": "sales.read"}]
    proxy.answers.clear()
    assert invoke(sync_worker, record(job, group=tenant_id)) == []
    assert shown(person, account_id)["health"]["state"] == "ok"


# Writes ---------------------------------------------------------------------------------------------------------------------


def test_a_write_whose_answer_is_lost_is_not_repeated(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.answer("/answers", 502, "<html>bad gateway</html>")
    with pytest.raises(OutcomeUnknown):
        api_of(person, account_id).post("/answers", {"question_id": 1, "text": "x"})
    assert proxy.arrived("/answers") == 1


def test_a_rejected_token_is_no_end_for_a_write(person: Person, proxy: Proxy, sim: Simulator) -> None:
    """401 comes before anything is done, so the write is made again with a fresh token."""
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    sim.chaos(access_dies_on_refresh=True)
    stale = tokens.access_token(person.caller.tenant_id, account_id)
    tokens.refreshed(person.caller.tenant_id, account_id, unlike=stale)
    [item] = api_of(person, account_id).get(f"/users/{seller_id}/items/search").document["results"]
    answer = api_of(person, account_id).put(f"/items/{item}", {"available_quantity": 3})
    assert answer.status == 200


def test_a_file_goes_as_multipart(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.answer("/messages/attachments", 200, '{"id": "key-1"}')
    api = api_of(person, account_id)
    answer = api.upload(
        "/messages/attachments", Upload("nota.pdf", b"%PDF-1.7", "application/pdf"), tag="post_sale", site_id="MLB"
    )
    assert answer.document == {"id": "key-1"}
    [(headers, body)] = proxy.bodies
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="nota.pdf"' in body
    assert b"Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n" in body


@pytest.mark.req("A119")
def test_errors_are_counted_by_class_and_status(
    person: Person, proxy: Proxy, sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    for status, body in ((404, "{}"), (503, "")):
        proxy.answer("/orders/1", status, body)
        with pytest.raises(Exception, match=r".*"):
            api_of(person, account_id).get("/orders/1")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"MercadoLivreErrors"' in line]
    assert [(line["endpoint"], line["status"]) for line in lines] == [("orders", "404"), ("orders", "5xx")]
