"""What a scope is: where its run starts, what it asks next, and how the answers are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import TenantSession
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.sync.models import PageDone, Scope, SyncError, Trigger

T = TypeVar("T")


def _as_asked(session: TenantSession, account_id: UUID, days: int, trigger: Trigger) -> int:  # noqa: ARG001
    return days


@dataclass(frozen=True, slots=True)
class ScopeSpec:
    """How one scope is brought in.

    `first_cursor(days, newest)`: `newest` is the newest update stamp that a complete run has seen, None for a whole sync.
    `page(api, cursor)` asks Mercado Livre, outside any transaction: the documents, and where the run stands after them.
    `apply` writes those in the transaction that turns the page; Findings that it answers are added to the run's.
    `depth(session, account, days, trigger)` says how many days a new run goes back, and None where there is nothing to do.
    `follows` names the scope whose complete run starts one of this, because this one needs what that one brings.
    `counts` is the counter that a page's `expected` is about; None for a scope that expects nothing.
    """

    first_cursor: Callable[[int, datetime | None], dict[str, Any]]
    page: Callable[[SellerApi, dict[str, Any]], tuple[Any, PageDone]]
    apply: Callable[[TenantSession, ConnectedAccount, Any], object]
    depth: Callable[[TenantSession, UUID, int, Trigger], int | None] = _as_asked
    follows: Scope | None = None
    counts: str | None = None


def readable(
    documents: Iterable[dict[str, Any]], read: Callable[[dict[str, Any]], T], kind: str
) -> tuple[list[T], list[SyncError]]:
    """What can be read; a document that cannot is an error of its own and does not stop the page."""
    good: list[T] = []
    errors: list[SyncError] = []
    for document in documents:
        try:
            good.append(read(document))
        except ValidationError:
            errors.append(SyncError(code=f"unreadable_{kind}", resource=str(document.get("id", ""))[:40], at=now()))
    return good, errors


def later(held: str | None, newest: datetime | None) -> str | None:
    """The later of a cursor's stamp and a page's newest; None only where neither says anything."""
    if newest is None:
        return held
    if held is None:
        return newest.isoformat()
    return max(datetime.fromisoformat(held), newest).isoformat()
