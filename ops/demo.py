"""The demo tenant: a shop with 90 days of plausible trade, made through the simulator and brought in by the real sync."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ops.seller import Seller, SellerFailure

EMAIL = "demo@painelml.example"
PASSWORD = "demonstracao-painelml"  # noqa: S105 - printed on the screen on purpose: it opens only a laptop's demo
ITEMS, ORDERS, DAYS = 150, 2_200, 90
SYNC_SECONDS = 300


def load(endpoints: dict[str, Any], say: Callable[[str], None]) -> dict[str, int]:
    """Makes sure that the demo shop is there and complete; safe to run twice.

    Returns `{items, orders, total_cents}`; raises SellerFailure if our totals differ from the simulator's.
    """
    seller = Seller(endpoints)
    say("signing the demo shop up")
    _enter(seller)
    accounts = seller.call("GET", "/ml-accounts", expect=200)["data"]
    if accounts:
        account_id, seller_id = accounts[0]["id"], accounts[0]["seller_id"]
    else:
        say(f"making {ITEMS} items and {ORDERS} orders at the simulated Mercado Livre")
        made = seller.simulator(
            "POST", "/_sim/sellers", {"nickname": "LOJA_DEMO", "items": ITEMS, "orders": ORDERS, "days": DAYS}
        )
        seller_id = made["user_id"]
        account_id = seller.connect(seller_id)["id"]
    say("waiting for listings and orders; shipments and the rest go on behind")
    seller.wait_for_sync(account_id, seconds=SYNC_SECONDS, scopes=("items", "orders"))
    say("comparing totals")
    return _compared(seller, account_id, seller_id)


def _enter(seller: Seller) -> None:
    try:
        seller.register(company="Loja Demo", name="Dona Demo", email=EMAIL, password=PASSWORD)
    except SellerFailure as failure:
        if "email_taken" not in str(failure):
            raise
    seller.log_in(email=EMAIL, password=PASSWORD)


def _compared(seller: Seller, account_id: str, seller_id: int | str) -> dict[str, int]:
    truth = seller.simulator("GET", f"/_sim/sellers/{seller_id}/truth")
    items = seller.every("/items", account_id=account_id)
    orders = seller.every("/orders", account_id=account_id)
    ours = {"items": len(items), "orders": len(orders), "total_cents": sum(order["total"]["amount"] for order in orders)}
    theirs = {
        "items": truth["items"]["total"],
        "orders": truth["orders"]["total"],
        "total_cents": truth["orders"]["total_amount_cents"],
    }
    if ours != theirs:
        raise SellerFailure(f"the demo's totals differ: we have {ours}, Mercado Livre has {theirs}")
    return ours
