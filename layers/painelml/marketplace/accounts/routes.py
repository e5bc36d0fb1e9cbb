"""Which tenant a seller belongs to, asked before a tenant is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from painelml.core.db import Session
from painelml.marketplace.accounts import queries


@dataclass(frozen=True, slots=True)
class Route:
    """The tenant and account of a seller."""

    tenant_id: UUID
    account_id: UUID


def find(session: Session, sellers: Iterable[int]) -> dict[int, Route]:
    """The routes of the sellers that have one."""
    rows = queries.route_sellers(session, sorted(set(sellers)))
    return {row["seller_id"]: Route(row["tenant_id"], row["account_id"]) for row in rows}


def feed_readers(session: Session) -> dict[str, list[Route]]:
    """A few accounts of each site, any of which may read the application's missed feeds."""
    readers: dict[str, list[Route]] = {}
    for row in queries.feed_readers(session):
        readers.setdefault(row["site_id"], []).append(Route(row["tenant_id"], row["account_id"]))
    return readers
