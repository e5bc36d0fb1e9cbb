"""What tenants read of their shipments, and the one way a shipment gets into the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, newest_first, page_of
from painelml.core.wire import money
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api import reads
from painelml.marketplace.api.answers import Answer
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused
from painelml.marketplace.ownership import checked
from painelml.marketplace.shipments import queries
from painelml.marketplace.shipments.models import Place, Shipment, ShipmentDocument, read_shipment

LAST_ID = 2**63 - 1

FINAL = ("delivered", "cancelled", "closed")
FINAL_NOT_DELIVERED = ("returned", "lost", "stolen", "damaged", "destroyed")
"""Where a parcel stays: what is in neither list may still move, and so may any status that we do not know."""


def list_shipments(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    order_id: str | None,
    limit: int,
    cursor: str | None,
) -> Page[Shipment]:
    """Newest first."""
    rows = queries.shipments(
        session,
        account_id=account_id,
        status=status,
        order_id=int(order_id) if order_id else None,
        before=newest_first(cursor, int, LAST_ID),
        limit=limit,
    )
    return page_of([_shipment(row) for row in rows], limit, key=lambda shipment: (shipment.created_at, shipment.id))


def find_shipment(session: TenantSession, shipment_id: str) -> Shipment:
    found = find_shipments(session, [int(shipment_id)])
    if not found:
        raise NotFound
    return found[0]


def find_shipments(session: TenantSession, shipment_ids: Sequence[int]) -> list[Shipment]:
    """Those that are there, by id."""
    return [_shipment(row) for row in queries.shipments_by_id(session, shipment_ids)]


def shipments_of_orders(session: TenantSession, order_ids: Sequence[int]) -> list[Shipment]:
    """The parcels that hold these orders, each once, by id."""
    return find_shipments(session, queries.ids_of_orders(session, order_ids))


def fetch_shipment(api: SellerApi, shipment_id: str) -> ShipmentDocument:
    """One shipment as Mercado Livre has it now. Costs and orders may not be there yet; the next notification brings them."""
    path = f"/shipments/{shipment_id}"
    document, costs, lines = _read(api, path, f"{path}/costs", f"{path}/items")
    return read_shipment(reads.answered(document), costs=reads.or_nothing(costs), lines=reads.or_nothing(lines) or ())


def fetch_shipments(
    api: SellerApi, wanted: Mapping[int, Sequence[int]]
) -> Iterator[tuple[int, ShipmentDocument | CallRefused | ValidationError]]:
    """Several at the same time: `{shipment: its orders}`, which our own orders tell, so that no call need ask for them."""
    paths = [f"/shipments/{shipment_id}" for shipment_id in wanted]
    outcomes = _read(api, *paths, *(f"{path}/costs" for path in paths))
    for (shipment_id, order_ids), document, costs in zip(wanted.items(), outcomes, outcomes[len(paths) :], strict=False):
        try:
            told = reads.answered(document)
            yield shipment_id, read_shipment(told, costs=reads.or_nothing(costs), order_ids=order_ids)
        except (CallRefused, ValidationError) as fault:
            yield shipment_id, fault


def _read(api: SellerApi, *paths: str) -> list[Answer | CallRefused]:
    """In the nested shape, where Mercado Livre heeds the header."""
    return reads.each(api.sending(x_format_new="true"), [(path, {}) for path in paths])


def apply_shipments(session: TenantSession, account: ConnectedAccount, shipments: Sequence[ShipmentDocument]) -> list[int]:
    """Writes shipments that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's."""
    owned = [checked(shipment, account) for shipment in shipments]
    return queries.upsert_shipments(session, account.id, owned, moment=now())


def _shipment(row: Row) -> Shipment:
    amounts: dict[str, Any] = {
        name: money(row[name], row["currency"]) for name in ("seller_cost", "receiver_cost", "declared_value")
    }
    return Shipment(
        id=str(row["id"]),
        account_id=row["account_id"],
        order_ids=[str(order_id) for order_id in row["order_ids"]],
        status=row["status"],
        substatus=row["substatus"],
        mode=row["mode"],
        logistic_type=row["logistic_type"],
        tracking_number=row["tracking_number"],
        tracking_method=row["tracking_method"],
        destination=Place(zip_code=row["zip_code"], city=row["city"], state=row["state"]),
        estimated_delivery_at=row["estimated_delivery_at"],
        estimated_limit_at=row["estimated_limit_at"],
        created_at=row["date_created"],
        updated_at=row["source_updated_at"],
        **amounts,
    )
