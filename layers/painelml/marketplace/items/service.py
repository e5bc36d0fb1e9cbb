"""What tenants read of their listings, and the one way a listing gets into the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, decode_cursor, foreign_cursor, page_of
from painelml.core.wire import money
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.items import queries
from painelml.marketplace.items.models import Item, ItemDocument, read_item
from painelml.marketplace.ownership import checked

ITEM_ID = re.compile(r"[A-Z0-9]{0,40}", re.ASCII)


def list_items(
    session: TenantSession, *, account_id: UUID | None, status: str | None, limit: int, cursor: str | None
) -> Page[Item]:
    """By id."""
    after = decode_cursor(cursor, 1)[0] if cursor else ""
    if not ITEM_ID.fullmatch(after):
        raise foreign_cursor()
    rows = queries.items(session, account_id=account_id, status=status, after=after, limit=limit)
    return page_of([_item(row) for row in rows], limit, key=lambda item: (item.id,))


def find_item(session: TenantSession, item_id: str) -> Item:
    row = queries.item(session, item_id)
    if row is None:
        raise NotFound
    return _item(row)


def fetch_item(api: SellerApi, item_id: str) -> ItemDocument:
    """One listing as Mercado Livre has it now."""
    return read_item(api.get(f"/items/{item_id}").document)


def apply_items(session: TenantSession, account: ConnectedAccount, items: Sequence[ItemDocument]) -> list[str]:
    """Writes items that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's."""
    owned = [checked(item, account) for item in items]
    return queries.upsert_items(session, account.id, owned, moment=now())


def _item(row: Row) -> Item:
    return Item(
        id=row["id"],
        account_id=row["account_id"],
        title=row["title"],
        status=row["status"],
        category_id=row["category_id"],
        listing_type_id=row["listing_type_id"],
        price=money(row["price"], row["currency"]),
        original_price=money(row["original_price"], row["currency"]),
        available_quantity=row["available_quantity"],
        sold_quantity=row["sold_quantity"],
        seller_sku=row["seller_sku"],
        permalink=row["permalink"],
        thumbnail=row["thumbnail"],
        created_at=row["date_created"],
        updated_at=row["source_updated_at"],
    )
