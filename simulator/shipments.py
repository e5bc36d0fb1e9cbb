"""Shipments: the parcel behind an order, read with the new header or in its old flat shape."""

from starlette.requests import Request
from starlette.responses import Response

from .clock import offset_text
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator, answer, authenticate
from .parcels import owned_parcel, sla_of
from .shipment_document import history_document, item_lines, legacy_document, shipment_document
from .shipment_timeline import Shipment

STATUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pending", ("cost_exceeded", "waiting_for_payment", "shipment_paid", "manufacturing", "buffered", "creating_route")),
    ("handling", ("regenerating", "waiting_for_label_generation", "invoice_pending")),
    (
        "ready_to_ship",
        (
            "ready_to_print",
            "printed",
            "invoice_pending",
            "in_pickup_list",
            "ready_for_pickup",
            "ready_for_dropoff",
            "dropped_off",
            "picked_up",
            "in_hub",
            "authorized_by_carrier",
            "in_warehouse",
            "ready_to_pack",
            "packed",
            "delayed",
            "stale",
        ),
    ),
    (
        "shipped",
        (
            "out_for_delivery",
            "receiver_absent",
            "bad_address",
            "delayed",
            "waiting_for_withdrawal",
            "delivery_failed",
            "at_customs",
        ),
    ),
    ("delivered", ("inferred", "damaged", "fulfilled_feedback")),
    (
        "not_delivered",
        ("returning_to_sender", "returned", "lost", "stolen", "damaged", "refused_delivery", "destroyed"),
    ),
    (
        "cancelled",
        ("cancelled_manually", "closed_by_user", "pack_splitted", "label_expired", "fraudulent", "time_expired"),
    ),
    *(
        (status, ())
        for status in (
            "to_be_agreed",
            "not_verified",
            "closed",
            "error",
            "active",
            "not_specified",
            "stale_ready_to_ship",
            "stale_shipped",
        )
    ),
)


def _asked(sim: Simulator, request: Request) -> Shipment:
    return owned_parcel(sim, request.path_params["shipment_id"], authenticate(sim, request).user_id)


def is_new_format(request: Request) -> bool:
    return request.headers.get("x-format-new", "").lower() == "true"


async def shipment(sim: Simulator, request: Request) -> Response:
    """`GET /shipments/{id}`: the header `x-format-new: true` decides between two different documents."""
    found = _asked(sim, request)
    if is_new_format(request) or not sim.world.chaos.legacy_shipment_shape:
        return answer(shipment_document(sim.world, found))
    return answer(legacy_document(sim.world, found))


async def several(sim: Simulator, request: Request) -> Response:
    """`GET /shipments?ids=`: no such resource is documented, so it has to be switched on."""
    token = authenticate(sim, request)
    if not sim.world.chaos.shipments_multiget:
        raise not_found("resource not found")
    ids = [text for text in request.query_params.get("ids", "").split(",") if text]
    if not ids or len(ids) > 20 or not all(text.isdecimal() for text in ids):
        raise bad_request("ids must name from 1 to 20 shipments")
    return answer([shipment_document(sim.world, owned_parcel(sim, int(text), token.user_id)) for text in ids])


async def items(sim: Simulator, request: Request) -> Response:
    return answer(item_lines(sim.world, _asked(sim, request)))


async def costs(sim: Simulator, request: Request) -> Response:
    """The seller's freight is `senders[].cost`; what the buyer pays is not in it."""
    found = _asked(sim, request)
    saved = found.list_cost - found.seller_cost - found.receiver_cost
    discount = {"rate": round(saved / found.list_cost, 2), "type": "mandatory", "promoted_amount": saved / 100}
    body = {
        "gross_amount": found.list_cost / 100,
        "receiver": {
            "user_id": found.buyer_id,
            "cost": found.receiver_cost / 100,
            "compensation": 0,
            "save": 0 if found.receiver_cost else found.list_cost / 100,
            "discounts": [],
        },
        "senders": [
            {
                "user_id": found.seller_id,
                "cost": found.seller_cost / 100,
                "compensation": 0,
                "save": saved / 100,
                "discounts": [discount] if saved else [],
            }
        ],
    }
    return answer(body)


async def payments(sim: Simulator, request: Request) -> Response:
    """The payments of the parcel's orders; an order without a pack has no such list."""
    found = _asked(sim, request)
    if found.pack_id is None:
        raise not_found("the shipment has no pack")
    orders = [sim.world.orders[order_id] for order_id in found.order_ids]
    return answer(
        [
            {"payment_id": order.payment_id, "user_id": order.buyer_id, "amount": order.total / 100, "status": "approved"}
            for order in orders
            if order.date_approved is not None
        ]
    )


async def sla(sim: Simulator, request: Request) -> Response:
    """`GET /shipments/{id}/sla`: not for Full, not for what was cancelled."""
    found = _asked(sim, request)
    now = sim.world.clock.now_ms()
    if found.logistic_type == "fulfillment" or found.current(now)[1] == "cancelled":
        raise ApiError(404, "sla_not_found", "the shipment has no sla")
    status, expected = sla_of(found, now)
    body = {
        "status": status,
        "service": found.logistic_type,
        "expected_date": offset_text(expected),
        "last_updated": offset_text(found.current(now)[0]),
    }
    return answer(body)


async def delays(sim: Simulator, request: Request) -> Response:
    """`GET /shipments/{id}/delays`: 404 is the normal answer, it means that there are none."""
    found = _asked(sim, request)
    now = sim.world.clock.now_ms()
    late = found.logistic_type != "fulfillment" and found.mode == "me2" and sla_of(found, now)[0] == "delayed"
    kinds = list(found.delays) or (["handling_delayed"] if late and found.current(now)[1] != "cancelled" else [])
    if not kinds:
        raise ApiError(404, "delays_not_found", "the shipment has no delays")
    date = offset_text(sla_of(found, now)[1])
    return answer({"shipment_id": found.id, "delays": [{"type": kind, "date": date} for kind in kinds]})


async def lead_time(sim: Simulator, request: Request) -> Response:
    return answer(shipment_document(sim.world, _asked(sim, request))["lead_time"])


async def history(sim: Simulator, request: Request) -> Response:
    return answer(history_document(_asked(sim, request), sim.world.clock.now_ms()))


async def carrier(sim: Simulator, request: Request) -> Response:
    found = _asked(sim, request)
    if found.mode != "me2":
        raise not_found("the shipment has no carrier", "carrier_not_found")
    return answer({"name": "Mercado Envios", "url": "https://www.mercadolivre.com.br/envios"})


async def orders(sim: Simulator, request: Request) -> Response:
    """`GET /shipments/{id}/orders`, which only the header `X-New-Domain: true` opens."""
    found = _asked(sim, request)
    if request.headers.get("x-new-domain", "").lower() != "true":
        raise not_found("resource not found")
    return answer([{"id": order_id} for order_id in found.order_ids])


async def statuses(sim: Simulator, request: Request) -> Response:
    """`GET /shipment_statuses`: the catalogue, with the main substatuses of each."""
    authenticate(sim, request)
    return answer(
        [
            {"id": status, "name": status, "substatuses": [{"id": one, "name": one} for one in inner]}
            for status, inner in STATUSES
        ]
    )


ROUTES = (
    ("GET", "/shipment_statuses", statuses),
    ("GET", "/shipments", several),
    ("GET", "/shipments/{shipment_id:int}", shipment),
    ("GET", "/shipments/{shipment_id:int}/items", items),
    ("GET", "/shipments/{shipment_id:int}/costs", costs),
    ("GET", "/shipments/{shipment_id:int}/payments", payments),
    ("GET", "/shipments/{shipment_id:int}/sla", sla),
    ("GET", "/shipments/{shipment_id:int}/delays", delays),
    ("GET", "/shipments/{shipment_id:int}/lead_time", lead_time),
    ("GET", "/shipments/{shipment_id:int}/history", history),
    ("GET", "/shipments/{shipment_id:int}/carrier", carrier),
    ("GET", "/shipments/{shipment_id:int}/orders", orders),
)
