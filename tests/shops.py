"""Shops for tests of the running system: a seller signed up, connected and synchronised, from outside only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from ops.seller import Seller
from tests.system import System

SYNC_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Shop:
    """One tenant. `account` is its connected account, `seller_id` its seller at the simulator."""

    seller: Seller
    email: str
    password: str
    account: dict[str, Any]
    seller_id: int


def open_shop(system: System, *, items: int = 12, orders: int = 20) -> Shop:
    """A new tenant with a connected account whose first sync is done."""
    seller = Seller(system.endpoints)
    email, password = f"shop-{secrets.token_hex(6)}@painelml.example", secrets.token_urlsafe(18)
    seller.register(company=f"Loja {secrets.token_hex(4)}", name="Bia Teste", email=email, password=password)
    seller.log_in(email=email, password=password)
    made = seller.simulator("POST", "/_sim/sellers", {"items": items, "orders": orders, "days": 20})
    account = seller.connect(made["user_id"])
    seller.wait_for_sync(account["id"], seconds=SYNC_SECONDS)
    return Shop(seller=seller, email=email, password=password, account=account, seller_id=made["user_id"])
