"""Users: the owner's token sees the whole document, any other only its public part."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import offset_text
from .errors import not_found
from .gateway import Simulator, answer, authenticate
from .model import Seller

COUNTRIES = {"MLB": "BR", "MLA": "AR", "MLM": "MX", "MLC": "CL", "MCO": "CO", "MLU": "UY", "MPE": "PE"}
PUBLIC = ("id", "nickname", "country_id", "user_type", "tags", "site_id", "permalink", "seller_reputation", "status")


async def me(sim: Simulator, request: Request) -> Response:
    token = authenticate(sim, request)
    return answer(_document(sim, sim.world.sellers[token.user_id]))


async def user(sim: Simulator, request: Request) -> Response:
    token = authenticate(sim, request)
    seller = sim.world.sellers.get(request.path_params["user_id"])
    if seller is None:
        raise not_found("user not found")
    document = _document(sim, seller)
    if seller.id != token.user_id:
        document = {name: document[name] for name in PUBLIC}
    return answer(document)


def _document(sim: Simulator, seller: Seller) -> dict[str, Any]:
    orders = len(sim.world.ledger(seller.id))
    allowed = {"allow": True, "codes": []}
    return {
        "id": seller.id,
        "nickname": seller.nickname,
        "registration_date": offset_text(seller.date_created),
        "first_name": seller.first_name,
        "last_name": seller.last_name,
        "country_id": COUNTRIES.get(seller.site_id, "BR"),
        "email": f"{seller.nickname.lower()}@example.com",
        "identification": {"type": "CNPJ", "number": f"{seller.id:014d}"},
        "address": {"city": "São Paulo", "state": "BR-SP"},
        "phone": {"area_code": "11", "number": "40028922", "verified": True},
        "user_type": "normal",
        "tags": ["normal", "test_user", "user_info_verified"],
        "site_id": seller.site_id,
        "permalink": f"http://perfil.mercadolivre.com.br/{seller.nickname}",
        "seller_experience": "ADVANCED",
        "seller_reputation": {
            "level_id": "5_green" if orders >= 60 else None,
            "power_seller_status": "platinum" if orders >= 2_000 else None,
            "transactions": {"period": "historic", "total": orders},
        },
        "buyer_reputation": {"tags": []},
        "status": {"site_status": "active", "list": allowed, "buy": allowed, "sell": allowed, "billing": allowed},
        "credit": {"consumed": 0, "credit_level_id": "MLB1"},
    }
