"""`painel smoke`: the main job, walked from outside. It knows only endpoints.json and HTTP, never our own code."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import requests

STEP_SECONDS = 60
ORDER_SECONDS = 10
SYNC_SECONDS = 120


class SmokeFailure(Exception):
    """A step did not do what a seller needs. The text says which, and what was answered."""


@dataclass
class Walk:
    """One walk through the system as a new seller. `report` is called after each step with its name and seconds."""

    endpoints: dict[str, Any]
    report: Callable[[str, float, str], None]
    http: requests.Session = field(default_factory=requests.Session)
    token: str = ""
    email: str = field(default_factory=lambda: f"smoke-{secrets.token_hex(6)}@painelml.example")
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    account: dict[str, Any] = field(default_factory=dict)
    seller_id: int = 0

    def run(self) -> None:
        """Every step in turn; raises SmokeFailure at the first that fails."""
        self._step("alive", self._alive)
        self._step("sign-up", self._sign_up)
        self._step("login", self._log_in)
        if not self.endpoints.get("simulator_url"):
            self._step("connect (link only: a person must consent)", self._ask_for_consent)
            return
        self._step("connect a Mercado Livre account", self._connect)
        self._step("first sync", self._first_sync)
        self._step("a new order by notification, read back", self._order_by_notification)

    def _step(self, name: str, work: Callable[[], str]) -> None:
        started = time.monotonic()
        try:
            outcome = work()
        except requests.RequestException as error:
            raise SmokeFailure(
                f"{name}: no answer ({error.__class__.__name__}). Is the environment up? Try `painel status`."
            ) from error
        self.report(name, time.monotonic() - started, outcome)

    def _alive(self) -> str:
        self._call("GET", "/health", expect=200)
        ready = self._call("GET", "/ready", expect=200)
        return ", ".join(sorted(ready.get("parts", ready)))

    def _sign_up(self) -> str:
        self._call(
            "POST",
            "/auth/register",
            {"company_name": "Loja da Fumaça", "name": "Ana Teste", "email": self.email, "password": self.password},
            expect=201,
        )
        return self.email

    def _log_in(self) -> str:
        answer = self._call("POST", "/auth/login", {"email": self.email, "password": self.password}, expect=200)
        self.token = answer["access_token"]
        me = self._call("GET", "/me", expect=200)
        return str(me["role"])

    def _ask_for_consent(self) -> str:
        answer = self._call("POST", "/ml-accounts/connect", {"site_id": "MLB"}, expect=200)
        return str(answer["authorization_url"]).split("?", maxsplit=1)[0]

    def _connect(self) -> str:
        seller = self._simulator("POST", "/_sim/sellers", {"items": 12, "orders": 30, "days": 30})
        self.seller_id = seller["user_id"]
        answer = self._call("POST", "/ml-accounts/connect", {"site_id": "MLB"}, expect=200)
        back = self._consent(answer["authorization_url"])
        landed = self.http.get(back, headers={"Accept": "application/json"}, timeout=STEP_SECONDS, allow_redirects=False)
        if landed.status_code not in (200, 303):
            raise SmokeFailure(f"the OAuth callback answered {landed.status_code}: {landed.text[:300]}")
        accounts = self._call("GET", "/ml-accounts", expect=200)["data"]
        self.account = next((row for row in accounts if row["seller_id"] == str(self.seller_id)), {})
        if not self.account:
            raise SmokeFailure("the connected account is not listed")
        return f"seller {self.seller_id}"

    def _consent(self, authorization_url: str) -> str:
        """Fills in the consent page as a seller does, and returns the address it sends the browser to."""
        page = self.http.get(authorization_url, timeout=STEP_SECONDS)
        form = _Form.of(page.text)
        form.fields.update({"seller_id": str(self.seller_id), "decision": "allow"})
        answer = self.http.post(
            requests.compat.urljoin(page.url, form.action), data=form.fields, timeout=STEP_SECONDS, allow_redirects=False
        )
        if "location" not in answer.headers:
            raise SmokeFailure(f"the consent page answered {answer.status_code} without sending the browser back")
        return answer.headers["location"]

    def _first_sync(self) -> str:
        truth = self._simulator("GET", f"/_sim/sellers/{self.seller_id}/truth")
        self._wait(lambda: self._runs_done(), SYNC_SECONDS, "the first sync did not finish")
        orders = self._count("/orders", truth["orders"]["count"])
        items = self._count("/items", truth["items"]["count"])
        return f"{orders} orders, {items} items, as in the simulator"

    def _runs_done(self) -> bool:
        runs = self._call("GET", f"/ml-accounts/{self.account['id']}/sync", expect=200)["data"]
        failed = [run for run in runs if run["status"] == "failed"]
        if failed:
            raise SmokeFailure(f"a sync run failed: {failed[0].get('errors')}")
        return bool(runs) and all(run["status"] == "succeeded" for run in runs)

    def _count(self, path: str, expected: int) -> int:
        counted, cursor = 0, None
        while True:
            query = f"?limit=100{f'&cursor={cursor}' if cursor else ''}&account_id={self.account['id']}"
            page = self._call("GET", path + query, expect=200)
            counted += len(page["data"])
            cursor = page["next_cursor"]
            if not cursor:
                break
        if counted != expected:
            raise SmokeFailure(f"{path} has {counted} rows, Mercado Livre has {expected}")
        return counted

    def _order_by_notification(self) -> str:
        order = self._simulator("POST", "/_sim/orders", {"seller_id": self.seller_id})
        started = time.monotonic()
        path = f"/orders/{order['id']}"
        self._wait(lambda: self._try(path) is not None, ORDER_SECONDS, f"order {order['id']} was announced and never arrived")
        return f"order {order['id']} readable after {time.monotonic() - started:.1f} s"

    def _try(self, path: str) -> dict[str, Any] | None:
        answer = self._send("GET", path)
        return answer.json() if answer.status_code == 200 else None

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, *, expect: int) -> dict[str, Any]:
        answer = self._send(method, path, body)
        if answer.status_code != expect:
            raise SmokeFailure(f"{method} {path} answered {answer.status_code}, not {expect}: {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.request(method, self.endpoints["api_url"] + path, json=body, headers=headers, timeout=STEP_SECONDS)

    def _simulator(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(method, self.endpoints["simulator_url"] + path, json=body, timeout=STEP_SECONDS)
        if not answer.ok:
            raise SmokeFailure(f"the simulator answered {answer.status_code} to {method} {path}: {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told

    def _wait(self, done: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise SmokeFailure(f"{otherwise} within {seconds:g} s")
            time.sleep(0.1)


class _Form(HTMLParser):
    """The consent page's form: where it posts to, and its hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    @classmethod
    def of(cls, page: str) -> _Form:
        form = cls()
        form.feed(page)
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "form":
            self.action = named.get("action") or ""
        if tag == "input" and named.get("type") == "hidden" and named.get("name"):
            self.fields[str(named["name"])] = named.get("value") or ""


def read_endpoints(path: Path) -> dict[str, Any]:
    """endpoints.json; raises SmokeFailure that says how to get one."""
    if not path.exists():
        raise SmokeFailure(f"{path} is not there. Run `make up` first, or name an endpoints file with --endpoints.")
    endpoints: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return endpoints
