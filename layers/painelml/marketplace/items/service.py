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
from painelml.marketplace.errors import AccessRefused, CallRefused, TokenRejected
from painelml.marketplace.items import queries
from painelml.marketplace.items.models import (
    Item,
    ItemDetails,
    ItemDocument,
    Promotion,
    SalePriceDocument,
    Variation,
    read_item,
    read_sale_price,
)
from painelml.marketplace.ownership import checked

PRICE_CONTEXT = "channel_marketplace"
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


def find_item(session: TenantSession, item_id: str) -> ItemDetails:
    row = queries.item(session, item_id)
    if row is None:
        raise NotFound
    promotion = Promotion(id=row["promotion_id"], type=row["promotion_type"]) if row["promotion_id"] else None
    return ItemDetails(
        **dict(_item(row)),
        sale_price=money(row["sale_price"], row["currency"]),
        regular_price=money(row["regular_price"], row["currency"]),
        promotion=promotion,
        priced_at=row["priced_at"],
        user_product_id=row["user_product_id"],
        variations=[_variation(one, row["currency"]) for one in queries.variations(session, item_id)],
    )


def fetch_item(api: SellerApi, item_id: str) -> ItemDocument:
    """One listing as Mercado Livre has it now, with its price."""
    item = read_item(api.get(f"/items/{item_id}", include_attributes="all").document)
    return item.model_copy(update={"sale_price": fetch_sale_price(api, item_id)})


def fetch_sale_price(api: SellerApi, item_id: str) -> SalePriceDocument:
    """What a buyer pays now; without an amount where Mercado Livre shows no price."""
    asked_at = now()
    try:
        document = api.get(f"/items/{item_id}/sale_price", context=PRICE_CONTEXT).document
    except (TokenRejected, AccessRefused):
        raise
    except CallRefused:
        document = None
    return read_sale_price(item_id, document or {}, asked_at=asked_at)


def apply_items(session: TenantSession, account: ConnectedAccount, items: Sequence[ItemDocument]) -> list[str]:
    """Writes items that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's."""
    owned = [checked(item, account) for item in items]
    written = queries.upsert_items(session, account.id, owned, moment=now())
    apply_sale_prices(session, [item.sale_price for item in owned if item.sale_price])
    return written


def apply_sale_prices(session: TenantSession, prices: Sequence[SalePriceDocument]) -> None:
    """Writes prices that are at least as new as those held. Whose they are, the items that they are written to say."""
    queries.set_sale_prices(session, prices)


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


def _variation(row: Row, currency: str) -> Variation:
    return Variation.model_validate({**row, "id": str(row["id"]), "price": money(row["price"], currency)})
