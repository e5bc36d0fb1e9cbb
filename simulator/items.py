"""Items: reading one or many."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .chaos import Chaos
from .errors import bad_request, forbidden, not_found
from .gateway import Simulator, answer, authenticate
from .item_document import item_document, kept_document, public_document
from .model import Item

BULK_LIMIT = 20


async def item(sim: Simulator, request: Request) -> Response:
    """`GET /items/{id}`: the seller's own document; an item of a third party answers 403, or its public part."""
    token, world, query = authenticate(sim, request), sim.world, request.query_params
    found = world.items.get(request.path_params["item_id"])
    if found is not None and found.seller_id != token.user_id and world.chaos.third_party_items == "public":
        return answer(_trimmed(public_document(found), query.get("attributes")))
    found = owned_item(sim, request.path_params["item_id"], token.user_id)
    everything = query.get("include_attributes") == "all"
    if everything or "attributes" in query:
        return answer(_trimmed(item_document(found, world, all_attributes=everything), query.get("attributes")))
    return Response(kept_document(world, found)[1], media_type="application/json")


def _trimmed(document: dict[str, Any], fields: str | None) -> dict[str, Any]:
    return {name: document[name] for name in fields.split(",") if name in document} if fields else document


async def bulk(sim: Simulator, request: Request) -> Response:
    """`GET /items/bulk?ids=`: one entry per id as asked; a missing id is a 404 in its place, with no body."""
    token, chaos = authenticate(sim, request), sim.world.chaos
    ids = _bulk_ids(request, chaos)
    fields = request.query_params.get("attributes")
    if not fields:
        return Response(b"[%s]" % b",".join(_bulk_bytes(sim, ids, token.user_id)), media_type="application/json")
    entries = [entry for item_id in ids if (entry := _bulk_entry(sim, item_id, token.user_id)) is not None]
    return answer([_project(entry, fields.split(","), strict=chaos.bulk_strict_projection) for entry in entries])


def _bulk_ids(request: Request, chaos: Chaos) -> list[str]:
    ids = [text for text in request.query_params.get("ids", "").split(",") if text]
    if len(set(ids)) != len(ids):
        if chaos.bulk_repeated == "refuse":
            raise bad_request("ids must not repeat")
        ids = list(dict.fromkeys(ids))
    if len(ids) > BULK_LIMIT and chaos.bulk_over_limit == "truncate":
        ids = ids[:BULK_LIMIT]
    if not ids or len(ids) > BULK_LIMIT:
        raise bad_request(f"ids must name from 1 to {BULK_LIMIT} items")
    return _shuffled(ids) if chaos.bulk_shuffled else ids


def _shuffled(ids: list[str]) -> list[str]:
    return sorted(ids, key=lambda item_id: item_id[::-1])


def _bulk_bytes(sim: Simulator, ids: list[str], user_id: int) -> Iterator[bytes]:
    """The entries as JSON, the found items' documents as they are kept."""
    for item_id in ids:
        found = sim.world.items.get(item_id)
        if found is not None and found.seller_id == user_id:
            yield b'{"status_code":200,"id":"%s","body":%s}' % (item_id.encode(), kept_document(sim.world, found)[1])
        elif (entry := _bulk_entry(sim, item_id, user_id)) is not None:
            yield json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()


def _bulk_entry(sim: Simulator, item_id: str, user_id: int) -> dict[str, Any] | None:
    found, chaos = sim.world.items.get(item_id), sim.world.chaos
    if found is None:
        missing = {"status_code": 404, "id": item_id, "body": {"error": "not_found", "message": f"Item {item_id} not found"}}
        entries: dict[str, dict[str, Any] | None] = {"bare": {"status_code": 404}, "body": missing, "dropped": None}
        return entries[chaos.bulk_missing]
    if found.seller_id != user_id:
        if chaos.third_party_items == "public":
            return {"status_code": 200, "id": item_id, "body": public_document(found)}
        return {"status_code": 403, "id": item_id}
    return {"status_code": 200, "id": item_id, "body": kept_document(sim.world, found)[0]}


def _project(entry: dict[str, Any], fields: list[str], *, strict: bool) -> dict[str, Any]:
    """Keep the envelope fields that are named and, of the body, only those named with `body.` in front."""
    kept: dict[str, Any] = {name: entry[name] for name in ("status_code", "id") if name in fields and name in entry}
    inner = [field.removeprefix("body.") for field in fields if field.startswith("body.") or not strict]
    if inner and "body" in entry:
        kept["body"] = {name: entry["body"][name] for name in inner if name in entry["body"]}
    return kept


async def legacy_multiget(sim: Simulator, request: Request) -> Response:
    """`GET /items?ids=` with its `[{code, body}]` envelope, as it was until the bulk resource replaced it."""
    token = authenticate(sim, request)
    if not sim.world.chaos.legacy_multiget:
        raise not_found("this resource was replaced by /items/bulk")
    ids = list(dict.fromkeys(text for text in request.query_params.get("ids", "").split(",") if text))
    if not ids or len(ids) > BULK_LIMIT:
        raise bad_request(f"ids must name from 1 to {BULK_LIMIT} items")
    fields = request.query_params.get("attributes")
    entries = []
    for item_id in _shuffled(ids) if sim.world.chaos.legacy_shuffled else ids:
        found = sim.world.items.get(item_id)
        if found is None or found.seller_id != token.user_id:
            status = 404 if found is None else 403
            entries.append({"code": status, "body": {"error": "not_found" if found is None else "forbidden"}})
            continue
        entries.append({"code": 200, "body": _trimmed(item_document(found, sim.world), fields)})
    return answer(entries)


def owned_item(sim: Simulator, item_id: str, user_id: int) -> Item:
    found = sim.world.items.get(item_id)
    if found is None:
        raise not_found(f"Item with id {item_id} not found")
    if found.seller_id != user_id:
        raise forbidden("the caller is not the owner of the item")
    return found


ROUTES = (
    ("GET", "/items", legacy_multiget),
    ("GET", "/items/bulk", bulk),
    ("GET", "/items/{item_id}", item),
)
