"""The shipment as its resource prints it: the nested shape of today and the flat one of before."""

from typing import Any

from .clock import DAY, HOUR, offset_text
from .model import Order
from .shipment_timeline import Shipment
from .sites import SITES
from .state import World

METHODS = {"self_service": (100_009, "Flex", "express"), "turbo": (100_010, "Turbo", "express")}
CITIES = (
    ("01226010", "São Paulo", "BR-SP", "Rua das Palmeiras"),
    ("20040002", "Rio de Janeiro", "BR-RJ", "Avenida Rio Branco"),
    ("30130010", "Belo Horizonte", "BR-MG", "Avenida Afonso Pena"),
    ("80010000", "Curitiba", "BR-PR", "Rua XV de Novembro"),
    ("90010150", "Porto Alegre", "BR-RS", "Rua dos Andradas"),
    ("40020000", "Salvador", "BR-BA", "Avenida Sete de Setembro"),
)
DIMENSIONS = {"height": 5, "width": 18, "length": 25, "weight": 650}


def _orders(world: World, shipment: Shipment) -> list[Order]:
    return [world.orders[order_id] for order_id in shipment.order_ids]


def _address(user_id: int) -> dict[str, Any]:
    zip_code, city, state, street = CITIES[user_id % len(CITIES)]
    number = str(1 + user_id % 2_000)
    return {
        "id": user_id % 10**9,
        "address_line": f"{street} {number}",
        "street_name": street,
        "street_number": number,
        "comment": None,
        "zip_code": zip_code,
        "city": {"id": None, "name": city},
        "state": {"id": state, "name": state.removeprefix("BR-")},
        "country": {"id": "BR", "name": "Brasil"},
        "neighborhood": {"id": None, "name": "Centro"},
    }


def _receiver_address(world: World, shipment: Shipment) -> dict[str, Any] | None:
    """The buyer's address is hidden until the payment is confirmed."""
    paid = all(order.date_approved is not None for order in _orders(world, shipment))
    return _address(shipment.buyer_id) if paid else None


def _receiver(shipment: Shipment) -> tuple[str, str | None]:
    """Name and phone: the phone is there for ME1 only."""
    return f"Comprador {shipment.buyer_id}", "11940028922" if shipment.mode == "me1" else None


def _tracking(shipment: Shipment) -> str | None:
    return f"MEL{shipment.id % 10**11:011d}LMXDO01" if shipment.mode == "me2" else None


def _site(world: World, shipment: Shipment) -> str:
    return world.sellers[shipment.seller_id].site_id


def shipment_document(world: World, shipment: Shipment) -> dict[str, Any]:
    now = world.clock.now_ms()
    moment, status, substatus = shipment.current(now)
    name, phone = _receiver(shipment)
    method, label, kind = METHODS.get(shipment.logistic_type, (512_745, "Normal", "standard"))
    delivery = shipment.date_created + 4 * DAY
    held = next((after for after, _, inner in shipment.steps[1:2] if shipment.steps[0][2] == "buffered"), None)
    return {
        "id": shipment.id,
        "status": status,
        "substatus": substatus,
        "date_created": offset_text(shipment.date_created),
        "last_updated": offset_text(moment),
        "logistic": {"mode": shipment.mode, "type": shipment.logistic_type, "direction": "forward"},
        "tracking_number": _tracking(shipment),
        "tracking_method": label if shipment.mode == "me2" else None,
        "declared_value": sum(order.total for order in _orders(world, shipment)) / 100,
        "dimensions": DIMENSIONS,
        "items_types": ["new"],
        "tags": [],
        "origin": {
            "type": "selling_address",
            "sender_id": shipment.seller_id,
            "node": None,
            "shipping_address": _address(shipment.seller_id),
        },
        "destination": {
            "type": "buyer",
            "receiver_id": shipment.buyer_id,
            "receiver_name": name,
            "receiver_phone": phone,
            "shipping_address": _receiver_address(world, shipment),
        },
        "lead_time": {
            "cost": shipment.receiver_cost / 100,
            "list_cost": shipment.list_cost / 100,
            "cost_type": "charged" if shipment.receiver_cost else "free",
            "currency_id": SITES[_site(world, shipment)].currency,
            "shipping_method": {"id": method, "name": label, "type": kind},
            "estimated_delivery_time": {
                "type": "known_frame",
                "date": offset_text(delivery),
                "pay_before": offset_text(shipment.date_created + 6 * HOUR),
            },
            "estimated_delivery_limit": {"date": offset_text(delivery + 10 * DAY)},
            "estimated_handling_limit": {"date": offset_text(shipment.date_created + 36 * HOUR)},
            "buffering": {"date": offset_text(held) if held is not None else None},
        },
        "sibling": {"sibling_id": shipment.sibling_id, "reason": shipment.sibling_reason},
        "source": {"site_id": _site(world, shipment), "market_place": "MELI"},
        "external_reference": None,
        "quotation": None,
    }


def legacy_document(world: World, shipment: Shipment) -> dict[str, Any]:
    """The flat shape that a call without the header still gets."""
    new = shipment_document(world, shipment)
    lead, stations = new["lead_time"], history_document(shipment, world.clock.now_ms())
    return {
        "id": shipment.id,
        "mode": shipment.mode,
        "created_by": "receiver",
        "order_id": shipment.order_ids[0],
        "order_cost": new["declared_value"],
        "base_cost": lead["list_cost"],
        "site_id": new["source"]["site_id"],
        "status": new["status"],
        "substatus": new["substatus"],
        "status_history": {f"date_{one['status']}": one["date"] for one in stations},
        "date_created": new["date_created"],
        "last_updated": new["last_updated"],
        "tracking_number": new["tracking_number"],
        "tracking_method": new["tracking_method"],
        "service_id": lead["shipping_method"]["id"],
        "sender_id": shipment.seller_id,
        "sender_address": new["origin"]["shipping_address"],
        "receiver_id": shipment.buyer_id,
        "receiver_address": _flat_receiver(new["destination"]),
        "shipping_items": [
            {"id": line["item_id"], "description": line["description"], "quantity": line["quantity"]}
            for line in item_lines(world, shipment)
        ],
        "shipping_option": {
            "id": shipment.id % 10**9,
            "shipping_method_id": lead["shipping_method"]["id"],
            "name": lead["shipping_method"]["name"],
            "currency_id": lead["currency_id"],
            "list_cost": lead["list_cost"],
            "cost": lead["cost"],
            "estimated_delivery_time": lead["estimated_delivery_time"],
            "estimated_delivery_limit": lead["estimated_delivery_limit"],
        },
        "logistic_type": shipment.logistic_type,
        "comments": None,
        "tags": [],
    }


def _flat_receiver(destination: dict[str, Any]) -> dict[str, Any] | None:
    address: dict[str, Any] | None = destination["shipping_address"]
    if address is None:
        return None
    return address | {name: destination[name] for name in ("receiver_name", "receiver_phone")}


def item_lines(world: World, shipment: Shipment) -> list[dict[str, Any]]:
    return [
        {
            "item_id": order.item_id,
            "order_id": order.id,
            "quantity": order.quantity,
            "variation_id": order.variation_id,
            "description": world.items[order.item_id].title,
            "dimensions": DIMENSIONS,
            "sender_id": order.seller_id,
        }
        for order in _orders(world, shipment)
    ]


def history_document(shipment: Shipment, now: int) -> list[dict[str, Any]]:
    return [
        {"status": status, "substatus": substatus, "date": offset_text(moment)}
        for moment, status, substatus in shipment.past(now)
    ]
