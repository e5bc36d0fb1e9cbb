"""Billing as its resources print it: the line of a bill, a period, the summary, and the file of a document."""

from collections import defaultdict
from typing import Any

from . import billing_periods as periods
from .books import SALE_CHARGE, Entry
from .model import Order
from .sites import currency_of
from .state import World

LABELS = {
    "CV": "Tarifa de venda",
    "BV": "Estorno da tarifa de venda",
    "CXD": "Tarifa de envio",
    "BXD": "Estorno da tarifa de envio",
    "PADS": "Campanhas de publicidade",
    "CFLX": "Tarifa de envio Flex",
    "CCMP": "Custo por cobrar com Mercado Pago",
}


def label(sub_type: str) -> str:
    return LABELS.get(sub_type, sub_type)


def entry_document(world: World, entry: Entry) -> dict[str, Any]:
    """One element of `results`."""
    site = world.sellers[entry.seller_id].site_id
    closed = periods.is_closed(entry.period, world.clock.now_ms())
    bill = world.books.bill_number(world, entry)
    order = world.orders[entry.order_id] if entry.order_id is not None else None
    debited = entry.sub_type == SALE_CHARGE
    return {
        "charge_info": {
            "legal_document_number": f"NF{bill}" if closed else None,
            "legal_document_status": "PROCESSED" if closed else "PROCESSING",
            "creation_date_time": periods.local_text(entry.created),
            "detail_id": entry.id,
            "detail_type": entry.detail_type,
            "detail_sub_type": entry.sub_type,
            "detail_amount": entry.amount / 100,
            "transaction_detail": label(entry.sub_type),
            "debited_from_operation": "YES" if debited else "NO",
            "status": None,
            "charge_bonified_id": entry.bonified_id,
        },
        "discount_info": {
            "charge_amount_without_discount": entry.amount / 100,
            "discount_amount": 0,
            "discount_reason": None,
        },
        "sales_info": [_sale(order, site)] if order else [],
        "shipping_info": _shipping(order) if order else None,
        "items_info": [_item(order)] if order else [],
        "document_info": {"document_id": bill},
        "marketplace_info": {"marketplace": "CORE"},
        "currency_info": {"currency_id": currency_of(site)},
    }


def _sale(order: Order, site: str) -> dict[str, Any]:
    sale: dict[str, Any] = {
        "order_id": order.id,
        "operation_id": order.payment_id,
        "transaction_amount": order.total / 100,
        "sale_date_time": periods.local_text(order.date_created),
    }
    return sale | ({"sale_fee": sale_fee(order)} if site == "MLB" else {})


def sale_fee(order: Order) -> dict[str, Any]:
    """Of the whole order, and only in Brazil."""
    fee = order.sale_fee * order.quantity / 100
    return {"gross": fee, "net": fee, "rebate": 0, "discount": 0, "discount_reason": None}


def _shipping(order: Order) -> dict[str, Any]:
    return {
        "shipping_id": str(order.shipping_id) if order.shipping_id else None,
        "pack_id": str(order.pack_id) if order.pack_id else None,
        "receiver_shipping_cost": 0,
    }


def _item(order: Order) -> dict[str, Any]:
    price = order.unit_price / 100
    return {"item_id": order.item_id, "item_amount": order.quantity, "item_price": price, "order_id": order.id}


def total(entries: list[Entry]) -> int:
    """Charges less bonuses, in cents. A credit note has bonuses only, and its own amount is positive."""
    charges = sum(entry.amount for entry in entries if entry.detail_type == "CHARGE")
    bonuses = sum(entry.amount for entry in entries if entry.detail_type == "BONUS")
    return charges - bonuses if charges else bonuses


def unpaid(entries: list[Entry], period: str, now: int) -> int:
    """What was neither kept back from sales nor paid by the due date, in cents."""
    if periods.is_expired(period, now):
        return 0
    kept_back = [entry for entry in entries if entry.sub_type == SALE_CHARGE]
    return max(total(entries) - sum(entry.amount for entry in kept_back), 0)


def period_document(period: str, site: str, entries: list[Entry], now: int) -> dict[str, Any]:
    return {
        "key": periods.key_of(period, site),
        "amount": total(entries) / 100,
        "unpaid_amount": unpaid(entries, period, now) / 100,
        "period": {"date_from": period, "date_to": periods.last_day(period)},
        "expiration_date": periods.expiration(period),
        "debt_expiration_date": periods.expiration(period),
        "period_status": "CLOSED" if periods.is_closed(period, now) else "OPEN",
    }


def summary_document(period: str, entries: list[Entry], now: int) -> dict[str, Any]:
    """`summary/details`: the sum of `detail_amount` per `detail_sub_type` is the `amount` of that `type`."""
    kept_back = sum(entry.amount for entry in entries if entry.sub_type == SALE_CHARGE)
    owed = unpaid(entries, period, now)
    collected = total(entries) - owed
    return {
        "period": {"date_from": period, "date_to": periods.last_day(period)},
        "bill_includes": {
            "total_amount": total(entries) / 100,
            "total_perceptions": 0,
            "charges": _sums(entries, "CHARGE"),
            "bonuses": _sums(entries, "BONUS"),
        },
        "payment_collected": {
            "operation_discount": kept_back / 100,
            "total_payment": max(collected - kept_back, 0) / 100,
            "total_collected": collected / 100,
            "total_debt": owed / 100,
        },
    }


def _sums(entries: list[Entry], detail_type: str) -> list[dict[str, Any]]:
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.detail_type == detail_type:
            sums[entry.sub_type] += entry.amount
    return [{"label": label(name), "amount": cents / 100, "type": name} for name, cents in sorted(sums.items())]


def bill_document(world: World, entries: list[Entry]) -> dict[str, Any]:
    """The legal document that these lines of a closed period end on, with the file to fetch."""
    now, first = world.clock.now_ms(), entries[0]
    number = world.books.bill_number(world, first)
    return {
        "id": number,
        "user_id": first.seller_id,
        "document_type": first.stream,
        "group": first.group,
        "amount": total(entries) / 100,
        "unpaid_amount": unpaid(entries, first.period, now) / 100,
        "document_status": "BILLED",
        "currency_id": currency_of(world.sellers[first.seller_id].site_id),
        "expiration_date": periods.expiration(first.period),
        "count_details": len(entries),
        "files": [{"file_id": str(number), "reference_number": f"NF{number}"}],
    }


def bill_file(text: str) -> bytes:
    """A one-page PDF that says `text`."""
    drawing = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + trailer
