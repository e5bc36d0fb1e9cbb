"""Prices: what an item costs now, why, and what selling it would cost."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import offset_text, utc_text
from .errors import bad_request, not_found
from .fees import FEE_PERIOD, PERCENTAGES, fixed_fee, percentage
from .gateway import Simulator, answer, authenticate
from .items import owned_item
from .model import Item
from .sites import SITES, currency_of

CONTEXT = "channel_marketplace"


def _asked(sim: Simulator, request: Request) -> Item:
    return owned_item(sim, request.path_params["item_id"], authenticate(sim, request).user_id)


def _promotion(item: Item) -> str | None:
    """The promotion that a price below the usual one comes from."""
    discounted = item.original_price is not None and item.original_price > item.price
    return f"P-{item.site_id}{item.id[3:]}" if discounted else None


async def sale_price(sim: Simulator, request: Request) -> Response:
    """`GET /items/{id}/sale_price?context=channel_marketplace`: the price a buyer pays."""
    item = _asked(sim, request)
    contexts = (request.query_params.get("context") or CONTEXT).split(",")
    if CONTEXT not in contexts and "channel_mshops" not in contexts:
        raise bad_request("unknown context", "invalid_context")
    promotion = _promotion(item)
    body = {
        "price_id": "2" if promotion else "1",
        "amount": item.price / 100,
        "regular_amount": item.original_price / 100 if promotion and item.original_price else None,
        "currency_id": currency_of(item.site_id),
        "reference_date": utc_text(sim.world.clock.now_ms()),
        "metadata": {"promotion_id": promotion, "promotion_type": "PRICE_DISCOUNT"} if promotion else {},
    }
    return answer(body)


async def prices(sim: Simulator, request: Request) -> Response:
    """`GET /items/{id}/prices`: the standard price and, if there is one, the promotion's."""
    item = _asked(sim, request)
    promotion = _promotion(item)
    standard = item.original_price if promotion and item.original_price else item.price
    listed = [_price(item, "1", "standard", standard, None)]
    if promotion:
        metadata = {"promotion_id": promotion, "promotion_type": "PRICE_DISCOUNT"}
        listed.append(_price(item, "2", "promotion", item.price, standard) | {"metadata": metadata})
    return answer({"id": item.id, "prices": listed})


def _price(item: Item, price_id: str, kind: str, amount: int, regular: int | None) -> dict[str, Any]:
    return {
        "id": price_id,
        "type": kind,
        "amount": amount / 100,
        "regular_amount": regular / 100 if regular is not None else None,
        "currency_id": currency_of(item.site_id),
        "last_updated": utc_text(item.last_updated),
        "conditions": {"context_restrictions": [CONTEXT], "start_time": None, "end_time": None, "eligible": True},
        "exchange_rate_context": "DEFAULT",
        "metadata": {},
    }


async def listing_prices(sim: Simulator, request: Request) -> Response:
    """`GET /sites/{site}/listing_prices`: the fees per listing type; one named type answers an object."""
    authenticate(sim, request)
    site_id, query = request.path_params["site_id"], request.query_params
    if site_id not in SITES:
        raise not_found(f"Site {site_id} not found")
    try:
        price = round(float(query.get("price", "")) * 100)
    except ValueError as error:
        raise bad_request("price must be a number", "invalid_price") from error
    if price <= 0:
        raise bad_request("price must be positive", "invalid_price")
    if site_id == "MLA" and not query.get("billable_weight", "").isdecimal():
        raise bad_request("billable_weight in grams is required", "invalid_billable_weight")
    named = query.get("listing_type_id")
    if named and named not in PERCENTAGES:
        raise bad_request(f"unknown listing type: {named}", "invalid_listing_type_id")
    rows = [_fees(sim, request, site_id, kind, price) for kind in ([named] if named else PERCENTAGES)]
    return answer(rows[0] if named and sim.world.chaos.listing_prices_object else rows)


def _fees(sim: Simulator, request: Request, site_id: str, kind: str, price: int) -> dict[str, Any]:
    query, by_logistics = request.query_params, sim.world.chaos.fixed_fee_by_logistics
    own, financing = PERCENTAGES[kind]
    fixed = 0
    if site_id == "MLB" and kind != "free":
        fixed = fixed_fee(price, query.get("shipping_mode"), query.get("logistic_type"), by_logistics=by_logistics)
    total = round(price * percentage(kind) / 100) + fixed
    return {
        "listing_type_id": kind,
        "listing_type_name": {"gold_special": "Clássico", "gold_pro": "Premium"}.get(kind, "Grátis"),
        "listing_fee_amount": 0,
        "sale_fee_amount": total / 100,
        "sale_fee_details": {
            "percentage_fee": own + financing,
            "meli_percentage_fee": own,
            "fixed_fee": fixed / 100,
            "financing_add_on_fee": financing,
            "gross_amount": total / 100,
        },
        "currency_id": query.get("currency_id") or currency_of(site_id),
        "stop_time": offset_text(sim.world.clock.now_ms() + FEE_PERIOD),
    }


ROUTES = (
    ("GET", "/items/{item_id}/sale_price", sale_price),
    ("GET", "/items/{item_id}/prices", prices),
    ("GET", "/sites/{site_id}/listing_prices", listing_prices),
)
