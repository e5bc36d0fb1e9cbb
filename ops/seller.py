"""A seller at work through the API: what the smoke walk and the demo share. It knows only endpoints.json and HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

ANSWER_SECONDS = 60


class SellerFailure(Exception):
    """Something did not do what a seller needs. The text says what, and what was answered."""


@dataclass
class Seller:
    """One person's calls against the environment of `endpoints` (docs/architecture.md §6)."""

    endpoints: dict[str, Any]
    http: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def register(self, *, company: str, name: str, email: str, password: str) -> None:
        told = {"company_name": company, "name": name, "email": email, "password": password}
        self.call("POST", "/auth/register", told, expect=201)

    def log_in(self, *, email: str, password: str) -> None:
        answer = self.call("POST", "/auth/login", {"email": email, "password": password}, expect=200)
        self.token = answer["access_token"]

    def ask_for_consent(self) -> str:
        """Mercado Livre's authorization URL for a new account."""
        answer = self.call("POST", "/ml-accounts/connect", {"site_id": "MLB"}, expect=200)
        return str(answer["authorization_url"])

    def connect(self, seller_id: int) -> dict[str, Any]:
        """Consents on the simulator's page as `seller_id`, lands on the callback, and returns the listed account."""
        back = self._consent(self.ask_for_consent(), seller_id)
        landed = self.http.get(back, headers={"Accept": "application/json"}, timeout=ANSWER_SECONDS, allow_redirects=False)
        if landed.status_code not in (200, 303):
            raise SellerFailure(f"the OAuth callback answered {landed.status_code}: {landed.text[:300]}")
        accounts = self.call("GET", "/ml-accounts", expect=200)["data"]
        account: dict[str, Any] | None = next((row for row in accounts if row["seller_id"] == str(seller_id)), None)
        if account is None:
            raise SellerFailure(f"seller {seller_id} consented, but the account is not listed")
        return account

    def wait_for_sync(self, account_id: str, *, seconds: float, scopes: Collection[str] = ()) -> None:
        """Until every run of the account, or of these scopes, has succeeded; raises SellerFailure with one's errors."""
        wait_until(lambda: self._runs_are_done(account_id, scopes), seconds=seconds, otherwise="the sync did not finish")

    def every(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        rows: list[dict[str, Any]] = []
        query = {"limit": "100", **filters}
        while True:
            page = self.call("GET", f"{path}?{'&'.join(f'{key}={value}' for key, value in query.items())}", expect=200)
            rows += page["data"]
            if not page["next_cursor"]:
                return rows
            query["cursor"] = page["next_cursor"]

    def find(self, path: str) -> dict[str, Any] | None:
        """The resource, or None while it is not there."""
        answer = self.send("GET", path)
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, expect: int) -> dict[str, Any]:
        answer = self.send(method, path, body)
        if answer.status_code != expect:
            raise SellerFailure(f"{method} {path} answered {answer.status_code}, not {expect}: {answer.text[:300]}")
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    def simulator(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(method, self.endpoints["simulator_url"] + path, json=body, timeout=ANSWER_SECONDS)
        if not answer.ok:
            raise SellerFailure(f"the simulator answered {answer.status_code} to {method} {path}: {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told

    def _consent(self, authorization_url: str, seller_id: int) -> str:
        """Fills in the consent page as a person does, and returns the address that it sends the browser to."""
        page = self.http.get(authorization_url, timeout=ANSWER_SECONDS)
        form = _Form.of(page.text)
        answers = {**form.fields, "seller_id": str(seller_id), "decision": "allow"}
        action = urljoin(page.url, form.action)
        answer = self.http.post(action, data=answers, timeout=ANSWER_SECONDS, allow_redirects=False)
        if "location" not in answer.headers:
            raise SellerFailure(f"the consent page answered {answer.status_code} without sending the browser back")
        return answer.headers["location"]

    def _runs_are_done(self, account_id: str, scopes: Collection[str]) -> bool:
        found = self.call("GET", f"/ml-accounts/{account_id}/sync", expect=200)["runs"]
        runs = [run for run in found if not scopes or run["scope"] in scopes]
        failed = [run for run in runs if run["status"] == "failed"]
        if failed:
            raise SellerFailure(f"the {failed[0]['scope']} sync failed: {failed[0].get('errors')}")
        return bool(runs) and all(run["status"] == "done" for run in runs)

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        """The raw answer; raises SellerFailure where there is none."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            return self.http.request(
                method, self.endpoints["api_url"] + path, json=body, headers=headers, timeout=ANSWER_SECONDS
            )
        except requests.RequestException as error:
            raise SellerFailure(
                f"{method} {path}: no answer ({error.__class__.__name__}). Is the environment up? Try `painel status`."
            ) from error


def wait_until(done: Callable[[], bool], *, seconds: float, otherwise: str) -> None:
    """Polls `done`; raises SellerFailure with `otherwise` at the deadline."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise SellerFailure(f"{otherwise} within {seconds:g} s")
        time.sleep(0.1)


def read_endpoints(path: Path) -> dict[str, Any]:
    """endpoints.json; raises SellerFailure that says how to get one."""
    if not path.exists():
        raise SellerFailure(f"{path} is not there. Run `make up` first, or name an endpoints file with --endpoints.")
    endpoints: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return endpoints


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
