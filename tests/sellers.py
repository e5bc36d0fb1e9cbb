"""Sellers connected through the real handlers and the simulator's consent page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core.db import tenant_session
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api.seller import SellerApi
from tests.http import Answer, call, gateway
from tests.people import Person
from tests.queues import drain
from tests.simulator import Simulator

API_URL = "http://127.0.0.1:1/api/v1"
WEB_URL = "http://127.0.0.1:2"
REDIRECTS = [f"{API_URL}/ml-accounts/callback", f"{WEB_URL}/api/v1/ml-accounts/callback"]


def begin(person: Person, **headers: str) -> tuple[str, str]:
    """The authorization URL and the cookie that the browser got with it."""
    begun = call(gateway, "POST", "/ml-accounts/connect", body={}, caller=person.caller, headers=headers)
    assert begun.status == 200, begun.text
    return begun.json["authorization_url"], begun.cookies["painel_ml_connect"].split(";")[0]


def come_back(returned: dict[str, str], cookie: str, accept: str = "application/json", **headers: str) -> Answer:
    """The seller's browser at our callback."""
    sent = {"Accept": accept, **({"Cookie": cookie} if cookie else {}), **headers}
    return call(gateway, "GET", "/ml-accounts/callback", query=returned, headers=sent)


def connect(person: Person, sim: Simulator, seller_id: int) -> UUID:
    """A connected account's id; its first sync is waiting in the queue."""
    url, cookie = begin(person)
    back = come_back(sim.consent(url, seller_id), cookie)
    assert back.status == 200, back.text
    return UUID(back.json["account_id"])


def connect_and_sync(person: Person, sim: Simulator, seller_id: int) -> UUID:
    account_id = connect(person, sim, seller_id)
    drain("jobs", sync_worker)
    return account_id


def shown(person: Person, account_id: UUID) -> dict[str, Any]:
    """The account as its tenant sees it."""
    answer = call(gateway, "GET", f"/ml-accounts/{account_id}", caller=person.caller)
    assert answer.status == 200, answer.text
    account: dict[str, Any] = answer.json
    return account


def api_of(person: Person, account_id: UUID) -> SellerApi:
    """As a worker makes it: the account read anew."""
    with tenant_session(person.caller.tenant_id) as session:
        return SellerApi(connected_account(session, account_id))


def notification(seller_id: int, resource: str, topic: str = "orders_v2", **changed: Any) -> dict[str, Any]:
    """A notification's body as Mercado Livre posts it."""
    return {
        "_id": f"n-{seller_id}-{resource.strip('/').replace('/', '-')}",
        "resource": resource,
        "user_id": seller_id,
        "topic": topic,
        "application_id": 4929174000000000,
        "attempts": 1,
        "sent": "2026-11-20T12:00:01.250Z",
        "received": "2026-11-20T12:00:01.200Z",
        **changed,
    }
