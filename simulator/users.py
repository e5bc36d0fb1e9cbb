"""Users: the owner's token sees the whole document, any other only its public part."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, HOUR, offset_text
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator, answer, authenticate, json_body
from .model import Seller
from .seed import create_seller
from .sites import SITES

PUBLIC = ("id", "nickname", "country_id", "user_type", "tags", "site_id", "permalink", "seller_reputation", "status")
BULK_LIMIT = 20
TEST_USERS_LIMIT = 10
REPUTATION_WINDOW = 60 * DAY


async def me(sim: Simulator, request: Request) -> Response:
    token = authenticate(sim, request)
    return answer(user_document(sim, sim.world.sellers[token.user_id]))


async def user(sim: Simulator, request: Request) -> Response:
    token = authenticate(sim, request)
    document = _seen_by(sim, request.path_params["user_id"], token.user_id)
    if document is None:
        raise not_found("user not found")
    return answer(document)


async def bulk(sim: Simulator, request: Request) -> Response:
    """`GET /users/bulk?ids=`, twenty at most, in the envelope of the items' bulk."""
    token = authenticate(sim, request)
    ids = [text for text in request.query_params.get("ids", "").split(",") if text]
    if not ids or len(ids) > BULK_LIMIT or not all(text.isdecimal() for text in ids):
        raise bad_request(f"ids must name from 1 to {BULK_LIMIT} users")
    entries: list[dict[str, Any]] = []
    for text in ids:
        document = _seen_by(sim, int(text), token.user_id)
        entries.append({"status_code": 200, "id": int(text), "body": document} if document else {"status_code": 404})
    return answer(entries)


async def test_user(sim: Simulator, request: Request) -> Response:
    """`POST /users/test_user`: ten per account; the password is shown once and kept nowhere."""
    token = authenticate(sim, request)
    site_id = (await json_body(request)).get("site_id")
    if site_id not in SITES:
        raise bad_request("site_id must be the id of a site", "invalid_site_id")
    mark = f"made_by_{token.user_id}"
    if sum(mark in seller.tags for seller in sim.world.sellers.values()) >= TEST_USERS_LIMIT:
        raise ApiError(403, "test_users_limit", f"an account may have {TEST_USERS_LIMIT} test users", code="FORBIDDEN")
    seller = create_seller(sim.world, nickname=None, site_id=site_id)
    seller.nickname, seller.tags = f"TESTUSER{seller.id % 10**8}", [mark]
    sim.world.save_seller(seller)
    password = f"qatest{seller.id % 10_000:04d}"
    return answer({"id": seller.id, "nickname": seller.nickname, "password": password, "site_status": "active"}, 201)


def _seen_by(sim: Simulator, user_id: int, caller: int) -> dict[str, Any] | None:
    seller = sim.world.sellers.get(user_id)
    if seller is None:
        return None
    document = user_document(sim, seller)
    return document if user_id == caller else {name: document[name] for name in PUBLIC}


def user_document(sim: Simulator, seller: Seller) -> dict[str, Any]:
    site, allowed = SITES[seller.site_id], {"allow": seller.active, "codes": [] if seller.active else ["inactive"]}
    return {
        "id": seller.id,
        "nickname": seller.nickname,
        "registration_date": offset_text(seller.date_created),
        "first_name": seller.first_name,
        "last_name": seller.last_name,
        "country_id": site.country,
        "email": f"{seller.nickname.lower()}@example.com",
        "identification": {"type": "CNPJ" if site.country == "BR" else "RUT", "number": f"{seller.id:014d}"},
        "address": {"city": "São Paulo", "state": "BR-SP", "address": "Rua das Palmeiras 100", "zip_code": "01226010"},
        "phone": {"area_code": "11", "number": "40028922", "verified": True},
        "user_type": "normal",
        "tags": ["normal", "test_user", "user_info_verified", *(tag for tag in seller.tags if not tag.startswith("made_by_"))],
        "site_id": seller.site_id,
        "permalink": f"http://perfil.mercadolivre.com.br/{seller.nickname}",
        "seller_experience": "ADVANCED",
        "seller_reputation": _reputation(sim, seller),
        "buyer_reputation": {"tags": []},
        "status": {
            "site_status": "active" if seller.active else "deactive",
            "list": allowed,
            "buy": allowed,
            "sell": allowed,
            "billing": allowed,
            "confirmed_email": True,
            "required_action": "kyc" if seller.pending_kyc else None,
        },
        "credit": {"consumed": 0, "credit_level_id": f"{seller.site_id}1"},
    }


def _reputation(sim: Simulator, seller: Seller) -> dict[str, Any]:
    """The computed reputation, remembered until an order changes; fields set by hand win over it."""
    ledger, hour = sim.world.ledger(seller.id), sim.world.clock.now_ms() // HOUR
    stamp, computed = sim.reputations.get(seller.id, (None, {}))
    if stamp != (ledger.revision, hour):
        computed = _computed_reputation(sim, seller)
        sim.reputations[seller.id] = ((ledger.revision, hour), computed)
    return computed | seller.reputation


def _computed_reputation(sim: Simulator, seller: Seller) -> dict[str, Any]:
    """Over sixty days if they hold sixty sales, else over the whole year."""
    world = sim.world
    now, ledger = world.clock.now_ms(), world.ledger(seller.id)
    recent = ledger.within({"date_created": (now - REPUTATION_WINDOW, now)})
    period, ids = ("60 days", recent) if len(recent) >= 60 else ("365 days", ledger.ids())
    sales = len(ids)
    cancelled = sum(world.orders[order_id].cancelled_by == "seller" for order_id in ids)
    claims = sum(world.orders[order_id].cancelled_by == "mediations" for order_id in ids)
    every = len(ledger)
    return {
        "level_id": "5_green" if every >= 60 else None,
        "power_seller_status": "platinum" if every >= 2_000 else None,
        "transactions": {
            "period": "historic",
            "total": every,
            "completed": every - cancelled,
            "canceled": cancelled,
            "ratings": {"positive": 0.98, "neutral": 0.01, "negative": 0.01},
        },
        "metrics": {
            "sales": {"period": period, "completed": sales - cancelled},
            "claims": _metric(period, claims, sales),
            "delayed_handling_time": _metric(period, 0, sales),
            "cancellations": _metric(period, cancelled, sales),
        },
    }


def _metric(period: str, value: int, sales: int) -> dict[str, Any]:
    rate = round(value / sales, 4) if sales else 0.0
    return {"period": period, "rate": rate, "value": value, "excluded": {"real_value": value, "real_rate": rate}}


ROUTES = (
    ("GET", "/users/me", me),
    ("GET", "/users/bulk", bulk),
    ("POST", "/users/test_user", test_user),
    ("GET", "/users/{user_id:int}", user),
)
