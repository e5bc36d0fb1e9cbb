"""Mercado Livre for tests: the real simulator in a process of its own, and its control API."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator."""

    url: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API, such as `POST /_sim/orders`."""
        answer = requests.request(method, self.url + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def seller(self, *, items: int = 3, orders: int = 0, days: int = 30, **more: Any) -> int:
        """A new seller's user id."""
        return int(self.ask("POST", "/_sim/sellers", {"items": items, "orders": orders, "days": days, **more})["user_id"])

    def truth(self, seller_id: int) -> dict[str, Any]:
        """What exists: `items.total`, `orders.total`, `orders.total_amount_cents`, `orders.by_status`, and by id."""
        found: dict[str, Any] = self.ask("GET", f"/_sim/sellers/{seller_id}/truth?ids=1")
        return found

    def order(self, seller_id: int, **fields: Any) -> int:
        """Creates an order and announces it."""
        return int(self.ask("POST", "/_sim/orders", {"seller_id": seller_id, **fields})["order_id"])

    def change(self, order_id: int, action: str, **fields: Any) -> None:
        self.ask("POST", f"/_sim/orders/{order_id}", {"action": action, **fields})

    def chaos(self, **switches: Any) -> None:
        self.ask("POST", "/_sim/chaos", switches)

    def calm(self) -> None:
        self.ask("POST", "/_sim/chaos", {"reset": True})

    def token_calls(self, seller_id: int) -> dict[str, Any]:
        accounts = self.ask("GET", "/_sim/tokens?values=1")["accounts"]
        return next(account for account in accounts if account["user_id"] == seller_id)

    def calls(self, endpoint: str) -> int:
        """How often an endpoint was called, such as `GET /orders/{order_id}`."""
        counted: int = self.ask("GET", "/_sim/requests")["by_endpoint"].get(endpoint, {"count": 0})["count"]
        return counted

    def consent(self, authorization_url: str, seller_id: int, decision: str = "allow") -> dict[str, str]:
        """What the seller's browser is sent back with: `code` and `state`, or `error`."""
        form = dict(parse_qsl(urlsplit(authorization_url).query))
        answer = requests.post(
            f"{self.url}/authorization",
            data={**form, "seller_id": str(seller_id), "decision": decision},
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@contextmanager
def simulator(folder: Path, *, client_id: str, client_secret: str, redirect_uris: list[str]) -> Generator[Simulator]:
    """A simulator with our application registered, PKCE on."""
    with (folder / "simulator.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator", "--host", "127.0.0.1", "--port", "0", "--seed", "7"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            assert process.stdout is not None
            started = Simulator(json.loads(process.stdout.readline())["url"])
            started.ask(
                "PUT",
                "/_sim/app",
                {
                    "client_id": client_id,
                    "client_secret": client_secret,
                    "redirect_uris": redirect_uris,
                    "topics": ["orders_v2", "items"],
                    "pkce": True,
                },
            )
            # Tests that want the documented limits set them.
            started.ask("POST", "/_sim/limits", {"messages read": {"requests": 100_000, "seconds": 60}})
            yield started
        finally:
            process.terminate()
            process.wait(10)
