"""The order as its resource prints it."""

from typing import Any

from .clock import offset_text, utc_text
from .items import CURRENCIES
from .model import Item, Order
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
}


def order_document(world: World, order: Order) -> dict[str, Any]:
    item = world.items[order.item_id]
    currency = CURRENCIES.get(item.site_id, "BRL")
    return {
        "id": order.id,
        "pack_id": order.pack_id,
        "status": order.status,
        "status_detail": None,
        "date_created": offset_text(order.date_created),
        "date_closed": offset_text(order.date_closed),
        "last_updated": offset_text(order.last_updated),
        "date_last_updated": utc_text(order.date_last_updated),
        "total_amount": order.total / 100,
        "paid_amount": order.paid / 100,
        "shipping_cost": 0.0,
        "currency_id": currency,
        "fulfilled": None,
        "order_items": [_line(order, item, currency)],
        "payments": [_payment(order)] if order.date_approved or order.status == "payment_in_process" else [],
        "shipping": {"id": order.shipping_id},
        "buyer": {"id": order.buyer_id, "billing_info": {"id": str(order.buyer_id * 10)}},
        "seller": {"id": order.seller_id},
        "tags": order_tags(order),
        "context": {"channel": "marketplace", "site": item.site_id, "flows": []},
        "feedback": {"seller": None, "buyer": None},
        "mediations": _mediations(world, order),
        "taxes": {"amount": None, "currency_id": None},
        "cancel_detail": _cancellation(order),
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
    return tags + order.extra_tags


def _line(order: Order, item: Item, currency: str) -> dict[str, Any]:
    return {
        "item": {
            "id": item.id,
            "title": item.title,
            "category_id": item.category_id,
            "variation_id": None,
            "variation_attributes": [],
            "seller_sku": item.sku,
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


def _payment(order: Order) -> dict[str, Any]:
    status, detail = PAYMENT_STATES.get(order.status, ("approved", "accredited"))
    return {
        "id": order.payment_id,
        "order_id": order.id,
        "status": status,
        "status_detail": detail,
        "payment_type": order.payment_type,
        "payment_method_id": {"credit_card": "master", "bank_transfer": "pix"}.get(order.payment_type, order.payment_type),
        "transaction_amount": order.total / 100,
        "total_paid_amount": order.paid / 100,
        "shipping_cost": 0.0,
        "taxes_amount": 0.0,
        # The order's total, unlike `sale_fee`.
        "marketplace_fee": order.sale_fee * order.quantity / 100 if order.date_approved else 0.0,
        "installments": order.installments,
        "transaction_amount_refunded": order.refunded / 100,
        "date_approved": offset_text(order.date_approved) if order.date_approved else None,
        "date_last_modified": offset_text(order.last_updated),
    }


def _cancellation(order: Order) -> dict[str, Any] | None:
    if order.cancelled_by is None:
        return None
    group, code, description = CANCELLATIONS[order.cancelled_by]
    return {
        "group": group,
        "code": code,
        "description": description,
        "requested_by": group,
        "date": offset_text(order.last_updated),
    }
