"""Tenants of the proof: what each holds, filled through the API with a canary in every text that it takes."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ops.isolation.document import PLATFORM, Document, Operation, Schema
from ops.seller import Seller, wait_until

SYNC_SECONDS = 180
# Shorter numbers occur by chance; a buyer of both shops is nobody's secret (see `unshared`).
SHORTEST_CANARY = 10
OK = range(200, 300)
# What ends a tenant or a session is no place for a canary.
ENDING = re.compile(r"eras|cancel|clos|terminat|logout|leave")


UNLISTED = {"message_id": "00aa11bb22cc33dd44ee55ff66007788", "outgoing_id": "01940000-0000-7000-8000-0000000000ff"}
"""Ids of what no list of a tenant's shows without more: made up, so these routes are asked for what nobody has."""


@dataclass
class Tenant:
    """One side of the proof. `canary` is in every text it wrote; `resources` are the rows that its own lists show, by path.

    `name` says where it lives and which it is: pool A, silo C.
    """

    name: str
    seller: Seller
    canary: str
    email: str
    password: str
    seller_id: str
    tenant_id: str
    user_id: str
    refresh_token: str
    placement: str
    resources: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def ids(self, operation: Operation) -> dict[str, str] | None:
        """An id of this tenant for each path parameter; None where one cannot be had."""
        found: dict[str, str] = {}
        for name in operation.path_ids:
            held = self._id(operation.path, name)
            if held is None:
                return None
            found[name] = held
        return found

    def _id(self, path: str, name: str) -> str | None:
        known = {"tenant_id": self.tenant_id, "user_id": self._someone()}
        if name in known:
            return known[name]
        listed = self.resources.get(path.split(f"/{{{name}}}", maxsplit=1)[0])
        if listed and "id" in listed[0]:
            return str(listed[0]["id"])
        return self.named(name)

    def named(self, name: str) -> str | None:
        """The first value that this tenant's own rows hold under `name` (account_id, …)."""
        single = name.removesuffix("s")
        for rows in self.resources.values():
            for row in rows:
                if row.get(single):
                    return str(row[single])
        if name in UNLISTED:
            return UNLISTED[name]
        if single == "account_id" and self.resources.get("/ml-accounts"):
            return str(self.resources["/ml-accounts"][0]["id"])
        return None

    def renew(self) -> None:
        """A new session: an access token lives a quarter of an hour, the proof longer."""
        self.seller.log_in(email=self.email, password=self.password)

    def _someone(self) -> str:
        """A person of this tenant, best not its owner: what is done to them must not end the owner's session."""
        others = [row["id"] for row in self.resources.get("/users", []) if row["id"] != self.user_id]
        return str(others[0] if others else self.user_id)

    def secrets(self) -> set[str]:
        """Every byte of this tenant's that nobody else may see: canaries, addresses, and the ids of all it can list."""
        told = {self.canary, self.email, self.seller_id, self.tenant_id, self.user_id}
        told |= {str(value) for rows in self.resources.values() for row in rows for value in _own(row)}
        return {text for text in told if len(text) >= SHORTEST_CANARY}


def fill(tenant: Tenant, document: Document) -> None:
    """Writes a canary wherever the API takes free text, then notes down everything that the tenant can list."""
    look(tenant, document)
    for operation in document.operations:
        if _makes(operation, document) or _changes(operation):
            ids = tenant.ids(operation)
            if ids is None:
                continue
            body = (
                document.sample(operation.body, lambda name, schema: _canary(tenant, name, schema)) if operation.body else None
            )
            answer = tenant.seller.send(operation.method, operation.at(ids), body)
            if answer.status_code in OK:
                tenant.written.append(operation.name)
            if operation.method == "POST":
                look(tenant, document)
    look(tenant, document)


def look(tenant: Tenant, document: Document) -> None:
    """Every list that the tenant may read, first page; and the cursor to its second. Lists within a row come after its own."""
    readable = [op for op in document.operations if op.method == "GET" and not (op.is_public or op.is_platform)]
    for operation in sorted(readable, key=lambda op: len(op.path_ids)):
        ids = tenant.ids(operation)
        if ids is None or operation.path.endswith("}"):
            continue
        answer = tenant.seller.send("GET", operation.at(ids))
        if answer.status_code not in OK or "json" not in answer.headers.get("content-type", ""):
            continue
        told = answer.json()
        listed = told.get("data") if isinstance(told, dict) else None
        if isinstance(listed, list):
            tenant.resources[operation.path] = [row for row in listed if isinstance(row, dict)]
            _note_cursor(tenant, operation, told)


def state(tenant: Tenant, document: Document) -> dict[str, str]:
    """What the tenant's lists hold, without moments: to be the same after an attack."""
    look(tenant, document)
    return {
        f"{path}/{row['id']}": json.dumps(_still(row), sort_keys=True)
        for path, rows in tenant.resources.items()
        for row in rows
        if "id" in row
    }


def settle(tenant: Tenant) -> None:
    """Until no sync of the tenant is at work, so that what changes later was changed by the attack."""
    wait_until(
        lambda: all(run["status"] != "running" for run in tenant.seller.every("/sync-runs")),
        seconds=SYNC_SECONDS,
        otherwise="the tenant's syncs did not end",
    )


def unshared(tenant: Tenant, other: Tenant) -> set[str]:
    """What is `tenant`'s and not `other`'s too."""
    return tenant.secrets() - other.secrets()


def _note_cursor(tenant: Tenant, operation: Operation, told: dict[str, Any]) -> None:
    if "cursor" not in operation.query_ids:
        return
    cursor = told.get("next_cursor")
    if cursor is None and "id" in (told["data"] or [{}])[0]:
        short = tenant.seller.send("GET", f"{operation.at(tenant.ids(operation) or {})}?limit=1")
        cursor = short.json().get("next_cursor") if short.status_code in OK else None
    if cursor:
        tenant.cursors[operation.path] = cursor


def _makes(operation: Operation, document: Document) -> bool:
    """A POST into a list that can be read back, as `/things` or, where it asks for one, `/thing`."""
    return (
        operation.method == "POST"
        and not operation.is_public
        and not operation.is_platform
        and (document.has("GET", operation.path) or document.has("GET", f"{operation.path}s"))
        and not ENDING.search(operation.path)
    )


def _changes(operation: Operation) -> bool:
    """Changes of what is the tenant's own; never of the caller: a new password or address would end the session."""
    return (
        operation.method in ("PATCH", "PUT")
        and not operation.is_public
        and not operation.path.startswith((PLATFORM, "/me"))
        and bool(operation.body)
    )


def _canary(tenant: Tenant, name: str, schema: Schema) -> str:
    if schema.get("format") == "email" or "email" in name:
        return f"{tenant.canary}-{secrets.token_hex(3)}@painelml.example"
    if "password" in name:
        return secrets.token_urlsafe(18)
    if schema.get("pattern") and not re.search(schema["pattern"], tenant.canary):
        return ""
    return f"{name} {tenant.canary}"[: schema.get("maxLength", 60)]


def _own(row: dict[str, Any]) -> Iterator[Any]:
    """The values of a row that are the tenant's alone: its ids and the canaries in it."""
    for name, value in row.items():
        if isinstance(value, str) and (name in ("id", "email", "nickname") or name.endswith("_id")) and name not in SHARED:
            yield value


# Mercado Livre's own vocabulary, the same for every seller.
SHARED = {"category_id", "site_id", "listing_type_id", "plan_id", "pool_id"}


def _still(row: dict[str, Any]) -> dict[str, Any]:
    moving = ("_at", "_used", "used", "count")
    return {name: value for name, value in row.items() if not name.endswith(moving) and not isinstance(value, dict)}
