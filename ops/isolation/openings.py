"""Opens the tenants of the proof, in the pool or with a database of their own, each with a shop that is synchronised."""

from __future__ import annotations

import secrets
from typing import Any

from ops.aws import LocalAws
from ops.errors import OperationError
from ops.isolation.tenants import SYNC_SECONDS, Tenant
from ops.seller import Seller, wait_until

POOL, SILO = "pool", "silo"
# Authorizers that are warm look for a new key at most once a second.
KEY_SECONDS = 10


def open_tenant(endpoints: dict[str, Any], aws: LocalAws, where: str, letter: str) -> Tenant:
    """A new tenant in `where` with a connected account whose first sync is done; raises SellerFailure, OperationError."""
    canary = f"canario{letter}{secrets.token_hex(6)}"
    email = f"{canary}@painelml.example"
    seller = Seller(endpoints)
    password = _in_silo(aws, canary, email) if where == SILO else _signed_up(seller, canary, email)
    given = seller.call("POST", "/auth/login", {"email": email, "password": password}, expect=200)
    seller.token = given["access_token"]
    known = "the key of a new silo was not known"
    wait_until(lambda: seller.send("GET", "/me").ok, seconds=KEY_SECONDS, otherwise=known)
    claims = claims_of(seller.token)
    return Tenant(
        name=f"{where} {letter}",
        seller=seller,
        canary=canary,
        email=email,
        password=password,
        seller_id=_with_a_shop(seller, canary),
        tenant_id=str(claims["tenant"]),
        user_id=str(claims["sub"]),
        refresh_token=given["refresh_token"],
        placement=str(claims["placement"]),
    )


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unproved."""
    import jwt

    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _signed_up(seller: Seller, canary: str, email: str) -> str:
    password = secrets.token_urlsafe(18)
    seller.register(company=f"Loja {canary}", name=f"Dona {canary}", email=email, password=password)
    return password


def _in_silo(aws: LocalAws, canary: str, email: str) -> str:
    """As `painel tenant create --plan ENTERPRISE` does; the first password of its OWNER."""
    made = aws.operate("tenant-create", name=f"Loja {canary}", email=email, plan="ENTERPRISE")
    if "error" in made or not made["tenant"]["placement"].startswith(f"{SILO}-"):
        raise OperationError(
            "No tenant with a database of its own could be opened, so silos could not be attacked.",
            why=str(made.get("error", made.get("tenant", made))),
            do="Try `painel tenant create --plan ENTERPRISE`, which says more.",
        )
    return str(made["password"])


def _with_a_shop(seller: Seller, canary: str) -> str:
    """The id of the seller who consented."""
    kinds = {"questions": 3, "claims": 3, "billing_periods": 2}
    told = {"nickname": f"NICK-{canary}", "items": 12, "orders": 20, "days": 20, **kinds}
    made = seller.simulator("POST", "/_sim/sellers", told)
    account = seller.connect(made["user_id"])
    seller.wait_for_sync(account["id"], seconds=SYNC_SECONDS)
    return str(made["user_id"])
