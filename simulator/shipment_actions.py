"""What a seller does to a parcel: prints its label, invoices it, splits it, declares it ready."""

import dataclasses
import io
import zipfile
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, bad_request
from .gateway import Simulator, answer, authenticate, json_body
from .model import Order
from .order_actions import announce_order
from .parcels import advance_parcel, announce_parcel, expect_parcels, move_parcel, new_parcel, owned_parcel
from .shipment_timeline import Shipment

LABELS_LIMIT = 50
SPLITTABLE = ("pending", "handling", "ready_to_ship")
UNLABELLED = ("buffered", "invoice_pending", "waiting_for_label_generation")


async def labels(sim: Simulator, request: Request) -> Response:
    """`GET /shipment_labels`: ME2 that is not Full, ready to ship; printing moves the parcel to `printed`."""
    token, query = authenticate(sim, request), request.query_params
    ids = [text for text in query.get("shipment_ids", "").split(",") if text]
    kind = query.get("response_type", "pdf")
    if not ids or len(ids) > LABELS_LIMIT or not all(text.isdecimal() for text in ids):
        raise bad_request(f"shipment_ids must name from 1 to {LABELS_LIMIT} shipments")
    if kind not in ("pdf", "zpl2"):
        raise bad_request("response_type must be pdf or zpl2")
    parcels = [owned_parcel(sim, int(text), token.user_id) for text in ids]
    failed = [{"shipment_id": one.id, "message": why} for one in parcels if (why := _unprintable(sim, one))]
    if failed:
        raise ApiError(400, "not_printable_status", "some shipments have no label", failed_shipments=failed)
    for one in parcels:
        _printed(sim, one)
    if kind == "pdf":
        return Response(_pdf(parcels), media_type="application/pdf")
    return Response(_zip(parcels), media_type="application/zip")


def _printed(sim: Simulator, shipment: Shipment) -> None:
    """The first print takes the parcel to its next station, and whatever is planned behind it comes nearer."""
    now = sim.world.clock.now_ms()
    if shipment.current(now)[2] != "ready_to_print":
        return
    if shipment.next_moment(now) is not None:
        advance_parcel(sim, shipment)
    else:
        move_parcel(sim, shipment, "ready_to_ship", "printed")


def _unprintable(sim: Simulator, shipment: Shipment) -> str | None:
    """Why there is no label, or None if there is one."""
    _, status, substatus = shipment.current(sim.world.clock.now_ms())
    if shipment.mode != "me2" or shipment.logistic_type == "fulfillment":
        return "the logistics have no label for the seller"
    if status != "ready_to_ship" or substatus in UNLABELLED:
        return f"the shipment is {status}/{substatus}"
    if sim.world.chaos.invoice_before_label and not shipment.invoiced:
        return "the shipment is ready_to_ship/invoice_pending"
    return None


def _pdf(parcels: list[Shipment]) -> bytes:
    lines = "".join(f"BT /F1 14 Tf 40 {760 - 24 * index} Td (Envio {one.id}) Tj ET\n" for index, one in enumerate(parcels))
    parts = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(lines)} >>\nstream\n{lines}endstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, offsets = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


def _zip(parcels: list[Shipment]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Etiquetas.txt", "".join(f"^XA^FO50,50^ADN,36,20^FDEnvio {one.id}^FS^XZ\n" for one in parcels))
    return packed.getvalue()


async def invoice_data(sim: Simulator, request: Request) -> Response:
    """`POST /shipments/{id}/invoice_data`: the NF-e, without which Brazil prints no label."""
    found = owned_parcel(sim, request.path_params["shipment_id"], authenticate(sim, request).user_id)
    found.invoiced = True
    sim.world.save_shipment(found)
    if found.current(sim.world.clock.now_ms())[2] == "invoice_pending":
        move_parcel(sim, found, "ready_to_ship", "ready_to_print")
    return answer({"shipment_id": found.id, "status": "processed"}, 201)


async def ready_to_ship(sim: Simulator, request: Request) -> Response:
    """`POST /shipments/{id}/process/ready_to_ship`: for parcels that the seller carries."""
    found = owned_parcel(sim, request.path_params["shipment_id"], authenticate(sim, request).user_id)
    if found.mode == "me2" or found.current(sim.world.clock.now_ms())[1] not in ("pending", "handling"):
        raise bad_request("the shipment cannot become ready to ship", "invalid_status")
    move_parcel(sim, found, "ready_to_ship", None)
    return answer({"id": found.id, "status": "ready_to_ship"})


async def split(sim: Simulator, request: Request) -> Response:
    """`POST /shipments/{id}/split`: two boxes at most; pack, orders and parcel are cancelled and made anew."""
    found = owned_parcel(sim, request.path_params["shipment_id"], authenticate(sim, request).user_id)
    orders = [sim.world.orders[order_id] for order_id in found.order_ids]
    if found.sibling_id is not None or found.current(sim.world.clock.now_ms())[1] not in SPLITTABLE:
        raise bad_request("the shipment cannot be split any more", "split_not_allowed")
    boxes = _boxes(orders, await json_body(request))
    first, second = (_reborn(sim, orders, box) for box in boxes)
    for one, other in ((first, second), (second, first)):
        one.sibling_id, one.sibling_reason = other.id, "split"
        sim.world.save_shipment(one)
        announce_parcel(sim, one)
    for order in orders:
        _cancel_for_split(sim, order)
    move_parcel(sim, found, "cancelled", "pack_splitted")
    return answer({"shipment_id": found.id, "status": "accepted"}, 202)


def _boxes(orders: list[Order], body: dict[str, Any]) -> list[dict[int, int]]:
    """`{"packs": [{"orders": [{"id", "quantity"}]}, …]}` as quantities per order; every piece in exactly one box."""
    try:
        boxes = [{int(line["id"]): int(line["quantity"]) for line in pack["orders"]} for pack in body["packs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request("packs must list orders with id and quantity") from error
    whole = {order.id: order.quantity for order in orders}
    summed = {order_id: sum(box.get(order_id, 0) for box in boxes) for box in boxes for order_id in box}
    if len(boxes) != 2 or summed != whole or any(quantity < 1 for box in boxes for quantity in box.values()) or not all(boxes):
        raise bad_request("a shipment is split into two boxes that hold all of it", "invalid_split")
    return boxes


def _reborn(sim: Simulator, orders: list[Order], box: dict[int, int]) -> Shipment:
    """The orders of one box under new numbers, in a pack and a parcel of their own."""
    world = sim.world
    pack_id, shipping_id = world.next_number("pack"), world.next_number("shipment")
    now, fresh = world.clock.now_ms(), []
    for order in orders:
        if order.id in box:
            copy = dataclasses.replace(
                order,
                id=world.next_number("order"),
                pack_id=pack_id,
                shipping_id=shipping_id,
                payment_id=world.next_number("payment"),
                quantity=box[order.id],
                extra_tags=list(order.extra_tags),
                feedback={},
            )
            copy.last_updated = copy.date_last_updated = now
            fresh.append(copy)
    world.add_orders(fresh)
    for order in fresh:
        announce_order(sim, order)
    expect_parcels(sim, fresh)
    return world.shipments.get(shipping_id) or new_parcel(world, shipping_id)


def _cancel_for_split(sim: Simulator, order: Order) -> None:
    order.status, order.cancelled_by = "cancelled", "split"
    order.last_updated = order.date_last_updated = max(sim.world.clock.now_ms(), order.date_last_updated + 1)
    sim.world.save_order(order)
    announce_order(sim, order)


ROUTES = (
    ("GET", "/shipment_labels", labels),
    ("POST", "/shipments/{shipment_id:int}/invoice_data", invoice_data),
    ("POST", "/shipments/{shipment_id:int}/process/ready_to_ship", ready_to_ship),
    ("POST", "/shipments/{shipment_id:int}/split", split),
)
