"""`painel smoke`: the main job, walked from outside as a new seller walks it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ops.seller import Seller, SellerFailure, wait_until

SYNC_SECONDS = 120
ORDER_SECONDS = 10

Report = Callable[[str, float, str], None]


@dataclass
class Walk:
    """Sign-up to an order read back. `report` hears each step's name, seconds and outcome."""

    endpoints: dict[str, Any]
    report: Report
    seller: Seller = field(init=False)
    seller_id: int = 0
    account_id: str = ""

    def run(self) -> None:
        """Every step in turn; raises SellerFailure at the first that fails."""
        self.seller = Seller(self.endpoints)
        email, password = f"smoke-{secrets.token_hex(6)}@painelml.example", secrets.token_urlsafe(18)
        self._step("the API is alive and ready", self._ready)
        self._step("sign up", lambda: self._sign_up(email, password))
        self._step("log in", lambda: self._log_in(email, password))
        if not self.endpoints.get("simulator_url"):
            self._step("connect: the consent link (a person must consent; later steps need the simulator)", self._link)
            return
        self._step("connect a Mercado Livre account", self._connect)
        self._step("first sync", self._first_sync)
        self._step("a new order, by notification", self._new_order)

    def _step(self, name: str, work: Callable[[], str]) -> None:
        started = time.monotonic()
        outcome = work()
        self.report(name, time.monotonic() - started, outcome)

    def _ready(self) -> str:
        self.seller.call("GET", "/health", expect=200)
        self.seller.call("GET", "/ready", expect=200)
        return "database, cache and queue answer"

    def _sign_up(self, email: str, password: str) -> str:
        self.seller.register(company="Loja da Fumaça", name="Ana Teste", email=email, password=password)
        return email

    def _log_in(self, email: str, password: str) -> str:
        self.seller.log_in(email=email, password=password)
        return str(self.seller.call("GET", "/me", expect=200)["user"]["role"])

    def _link(self) -> str:
        return self.seller.ask_for_consent().split("?", maxsplit=1)[0]

    def _connect(self) -> str:
        made = self.seller.simulator("POST", "/_sim/sellers", {"items": 12, "orders": 30, "days": 30})
        self.seller_id = made["user_id"]
        self.account_id = self.seller.connect(self.seller_id)["id"]
        return f"seller {self.seller_id}"

    def _first_sync(self) -> str:
        self.seller.wait_for_sync(self.account_id, seconds=SYNC_SECONDS)
        truth = self.seller.simulator("GET", f"/_sim/sellers/{self.seller_id}/truth")
        for kind in ("items", "orders"):
            have = len(self.seller.every(f"/{kind}", account_id=self.account_id))
            if have != truth[kind]["total"]:
                raise SellerFailure(f"{have} {kind} arrived, Mercado Livre has {truth[kind]['total']}")
        return f"{truth['items']['total']} items and {truth['orders']['total']} orders, as at Mercado Livre"

    def _new_order(self) -> str:
        order = self.seller.simulator("POST", "/_sim/orders", {"seller_id": self.seller_id})
        started = time.monotonic()
        wait_until(
            lambda: self.seller.find(f"/orders/{order['order_id']}") is not None,
            seconds=ORDER_SECONDS,
            otherwise=f"order {order['order_id']} was announced and did not become readable",
        )
        return f"order {order['order_id']} readable {time.monotonic() - started:.1f} s after it was created"
