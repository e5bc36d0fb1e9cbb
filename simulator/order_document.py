"""The order as its resource prints it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .clock import SECOND, offset_text, utc_text
from .model import Item, Order
from .sites import currency_of
from .state import World

# Payment state by order status, once there is a payment at all.
PAYMENT_STATES = {
    "payment_in_process": ("in_process", "pending_review_manual"),
    "cancelled": ("refunded", "refunded"),
    "pending_cancel": ("approved", "accredited"),
    "partially_refunded": ("approved", "partially_refunded"),
}
CANCELLATIONS = {
    "buyer": ("buyer", "buyer_regret", "O comprador desistiu da compra"),
    "seller": ("seller", "out_of_stock", "O vendedor ficou sem estoque"),
    "mediations": ("mediations", "mediation_refund", "Venda cancelada por uma reclamação"),
    "unpaid": ("buyer", "payment_expired", "O pagamento não foi feito a tempo"),
    "fraud": ("fraud", "fraud", "Venda cancelada por segurança"),
    "split": ("shipment", "pack_splitted", "O envio foi dividido"),
}
RENDERED_KEPT = 50_000
# The forms of one moment that are seen across resources, for the switch that mixes them within one.
ZONES = (timezone(timedelta(hours=-4)), timezone(timedelta(hours=-3)), UTC)

Stamp = Callable[[int], str]


def _mixed_text(order: Order) -> Stamp:
    """A printer of moments that changes its form with every one it prints; the same order always prints the same."""
    count = order.id

    def text(moment_ms: int) -> str:
        nonlocal count
        count += 1
        moment = datetime.fromtimestamp(moment_ms / SECOND, ZONES[count % 3])
        printed = moment.isoformat(timespec="seconds" if count % 2 else "milliseconds")
        return printed.replace("+00:00", "Z")

    return text


def order_bytes(world: World, order: Order) -> bytes:
    """The document as JSON, kept until the order, the claims on it or a switch changes."""
    claims, known = world.rendered_orders.get(order.id, (0, b""))
    if not known or claims != len(world.desk.claims_on.get(order.id, ())):
        if len(world.rendered_orders) >= RENDERED_KEPT:
            world.rendered_orders.clear()
        known = json.dumps(order_document(world, order), ensure_ascii=False, separators=(",", ":")).encode()
        world.rendered_orders[order.id] = (len(world.desk.claims_on.get(order.id, ())), known)
    return known


def order_document(world: World, order: Order) -> dict[str, Any]:
    item = world.items[order.item_id]
    currency = currency_of(item.site_id)
    stamp = _mixed_text(order) if world.chaos.mixed_timestamps else offset_text
    detail = {"code": "fraud", "description": "fraud"} if order.cancelled_by == "fraud" else None
    return {
        "id": order.id,
        "pack_id": order.pack_id,
        "status": order.status,
        "status_detail": detail if world.chaos.print_status_detail else None,
        "date_created": stamp(order.date_created),
        "date_closed": stamp(order.date_closed),
        "last_updated": stamp(order.last_updated),
        "date_last_updated": utc_text(order.date_last_updated),
        "total_amount": order.total / 100,
        "paid_amount": order.paid / 100,
        "shipping_cost": 0.0,
        "currency_id": currency,
        "fulfilled": None,
        "order_items": [_line(order, item, currency)],
        "payments": [_payment(order, stamp)] if order.date_approved or order.status == "payment_in_process" else [],
        "shipping": {"id": order.shipping_id},
        "buyer": {"id": order.buyer_id, "billing_info": {"id": str(order.buyer_id * 10)}},
        "seller": {"id": order.seller_id},
        "tags": order_tags(order),
        "context": {"channel": "marketplace", "site": item.site_id, "flows": []},
        "feedback": {side: {"id": order.id % 10**12} if order.feedback.get(side) else None for side in ("seller", "buyer")},
        "mediations": _mediations(world, order),
        "taxes": {"amount": None, "currency_id": None},
        "cancel_detail": _cancellation(order, stamp),
        "order_request": {"change": None, "return": None},
    }


def _mediations(world: World, order: Order) -> list[dict[str, int]]:
    """The claims on the order. A sale of the seed that mediation cancelled has one that cannot be read."""
    claims = [{"id": claim.id} for claim in world.desk.order_claims(order.id)]
    return claims or ([{"id": order.id % 10**10}] if order.cancelled_by == "mediations" else [])


def order_tags(order: Order) -> list[str]:
    tags = ["paid" if order.date_approved and order.status != "cancelled" else "not_paid"]
    tags.append("delivered" if order.delivered else "not_delivered")
    if order.pack_id is not None:
        tags.insert(0, "pack_order")
    if order.discount:
        tags.append("order_has_discount")
    if order.money_returned:
        tags.append("unfulfilled")
    return tags + order.extra_tags


def _line(order: Order, item: Item, currency: str) -> dict[str, Any]:
    variation = next((one for one in item.variations if one.id == order.variation_id), None)
    color = [{"id": "COLOR", "name": "Cor", "value_id": None, "value_name": variation.color}] if variation else []
    return {
        "item": {
            "id": item.id,
            "title": item.title,
            "category_id": item.category_id,
            "variation_id": order.variation_id,
            "variation_attributes": color,
            "seller_sku": variation.sku if variation else item.sku,
            "seller_custom_field": None,
            "user_product_id": item.user_product_id,
        },
        "quantity": order.quantity,
        "unit_price": order.unit_price / 100,
        "full_unit_price": order.full_unit_price / 100,
        "gross_price": order.full_unit_price * order.quantity / 100,
        "currency_id": currency,
        # Per unit, and there is none until the payment is credited.
        "sale_fee": order.sale_fee / 100 if order.date_approved else None,
        "listing_type_id": order.listing_type_id,
        "element_id": 1,
        "stock": [{"store_id": str(70_000_000 + order.seller_id % 10**6), "network_node_id": "BRP163942"}],
    }


def payment_state(order: Order) -> tuple[str, str]:
    """Status and detail of the order's payment."""
    if order.money_returned:
        return PAYMENT_STATES["cancelled"]
    return PAYMENT_STATES.get(order.status, ("approved", "accredited"))


def payment_method(order: Order) -> str:
    return {"credit_card": "master", "bank_transfer": "pix"}.get(order.payment_type, order.payment_type)


def _payment(order: Order, stamp: Stamp) -> dict[str, Any]:
    status, detail = payment_state(order)
    return {
        "id": order.payment_id,
        "order_id": order.id,
        "status": status,
        "status_detail": detail,
        "payment_type": order.payment_type,
        "payment_method_id": payment_method(order),
        "transaction_amount": order.total / 100,
        "total_paid_amount": order.paid / 100,
        "shipping_cost": 0.0,
        "taxes_amount": 0.0,
        # The order's total, unlike `sale_fee`.
        "marketplace_fee": order.sale_fee * order.quantity / 100 if order.date_approved else 0.0,
        "installments": order.installments,
        "transaction_amount_refunded": order.refunded / 100,
        "date_approved": stamp(order.date_approved) if order.date_approved else None,
        "date_last_modified": stamp(order.last_updated),
    }


def _cancellation(order: Order, stamp: Stamp) -> dict[str, Any] | None:
    if order.cancelled_by is None:
        return None
    group, code, description = CANCELLATIONS[order.cancelled_by]
    return {
        "group": group,
        "code": code,
        "description": description,
        "requested_by": group,
        "date": stamp(order.last_updated),
    }
