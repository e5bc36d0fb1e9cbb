"""Claims: a search that insists on its filters, and everything that can be read of one."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .claim_changes import STAGES, TYPES, find_claim
from .claim_documents import claim_document, detail_document, expected_documents, history, message_documents
from .clock import parse_moment
from .errors import ApiError, bad_request
from .gateway import Simulator, answer, authenticate, whole_number
from .state import World
from .talk_model import Claim

PAGE, LIMIT, OFFSET_CAP = 30, 100, 9_999
SORT_KEYS: dict[str, Callable[[Claim], int]] = {
    "id": lambda claim: claim.id,
    "date_created": lambda claim: claim.date_created,
    "last_updated": lambda claim: claim.last_updated,
}
TOGETHER = (("players.user_id", "players.role"), ("resource", "resource_id"))
EQUALS: dict[str, Callable[[Claim], Any]] = {
    "id": lambda claim: claim.id,
    "status": lambda claim: claim.status,
    "stage": lambda claim: claim.stage,
    "type": lambda claim: claim.type,
    "resource": lambda claim: claim.resource,
    "resource_id": lambda claim: claim.resource_id,
    "order_id": lambda claim: claim.order_id,
    "pack_id": lambda claim: claim.pack_id,
    "reason_id": lambda claim: claim.reason_id,
}
FILTERS = {*EQUALS, "players.user_id", "players.role", "range"}
WORDS = {"status": ("opened", "closed"), "stage": STAGES, "type": (*TYPES, "returns")}
ROLES: dict[str, Callable[[Claim], int]] = {
    "respondent": lambda claim: claim.seller_id,
    "complainant": lambda claim: claim.buyer_id,
}


async def search(sim: Simulator, request: Request) -> Response:
    """`GET /post-purchase/v1/claims/search`: filters that depend on each other, and a 400 for each that stands alone."""
    token, query = authenticate(sim, request), dict(request.query_params)
    limit, offset = whole_number(request, "limit", PAGE), whole_number(request, "offset", 0)
    if not 1 <= limit <= LIMIT or offset > OFFSET_CAP:
        raise _invalid(f"limit must be from 1 to {LIMIT} and offset at most {OFFSET_CAP}")
    _check_filters(sim.world, {name for name in FILTERS if query.get(name)}, query)
    field, _, direction = query.get("sort", "date_created:asc").partition(":")
    if field not in SORT_KEYS or direction not in ("asc", "desc"):
        raise _invalid("sort must be a field and asc or desc, such as last_updated:asc")
    claims = [claim for claim in sim.world.desk.seller_claims(token.user_id) if not sim.world.is_hidden(claim.id)]
    for name, read in EQUALS.items():
        if value := query.get(name):
            wanted = {"return" if part == "returns" else part for part in value.split(",")}
            claims = [claim for claim in claims if str(read(claim)) in wanted]
    if role := query.get("players.role"):
        claims = [claim for claim in claims if str(ROLES[role](claim)) == query["players.user_id"]]
    if text := query.get("range"):
        date, start, end = _range(text)
        claims = [claim for claim in claims if start <= SORT_KEYS[date](claim) <= end]
    claims.sort(key=lambda claim: (SORT_KEYS[field](claim), claim.id), reverse=direction == "desc")
    page = [claim_document(sim.world, claim) for claim in claims[offset : offset + limit]]
    return answer({"paging": {"total": len(claims), "offset": offset, "limit": limit}, "data": page})


def _invalid(message: str) -> ApiError:
    return bad_request(message, "invalid_query")


def _check_filters(world: World, named: set[str], query: dict[str, str]) -> None:
    if not named:
        raise _invalid("at least one filter is required")
    if named == {"status"} and not world.chaos.claims_by_status_alone:
        raise _invalid("status needs another filter beside it")
    for pair in TOGETHER:
        if len(named & set(pair)) == 1:
            raise _invalid(f"{pair[0]} and {pair[1]} go together")
    if {"order_id", "pack_id"} <= named:
        raise _invalid("order_id and pack_id exclude each other")
    for name, words in WORDS.items():
        if name in named and not set(query[name].split(",")) <= set(words):
            raise _invalid(f"{name} must be one of {', '.join(words)}")
    if "players.role" in named and query["players.role"] not in ROLES:
        raise _invalid(f"players.role must be one of {', '.join(ROLES)}")


def _range(text: str) -> tuple[str, int, int]:
    """`date_created:after:…,before:…`, the dates with an offset."""
    date, _, rest = text.partition(":")
    bounds = dict(part.partition(":")[::2] for part in rest.split(","))
    try:
        if date not in ("date_created", "last_updated") or not bounds or set(bounds) - {"after", "before"}:
            raise ValueError(text)
        moments = {side: parse_moment(moment) for side, moment in bounds.items()}
    except ValueError as error:
        raise _invalid("range must be like date_created:after:<date>,before:<date>") from error
    return date, moments.get("after", 0), moments.get("before", 1 << 62)


def own_claim(sim: Simulator, request: Request) -> Claim:
    """The claim in the path, which must be the caller's."""
    token, text = authenticate(sim, request), request.path_params["claim_id"]
    if not text.isdecimal():
        raise bad_request(f"{text} is not a claim id", "invalid_claim_id")
    claim = find_claim(sim.world, int(text))
    if claim.seller_id != token.user_id:
        raise ApiError(403, "forbidden", "the caller does not take part in this claim")
    return claim


async def claim(sim: Simulator, request: Request) -> Response:
    return answer(claim_document(sim.world, own_claim(sim, request)))


async def detail(sim: Simulator, request: Request) -> Response:
    return answer(detail_document(own_claim(sim, request)))


async def affects_reputation(sim: Simulator, request: Request) -> Response:
    found = own_claim(sim, request)
    return answer({"affects_reputation": found.affects_reputation, "has_incentive": False, "due_date": None})


async def actions_history(sim: Simulator, request: Request) -> Response:
    return answer(history(own_claim(sim, request).actions))


async def status_history(sim: Simulator, request: Request) -> Response:
    return answer(history(own_claim(sim, request).statuses))


async def messages(sim: Simulator, request: Request) -> Response:
    return answer(message_documents(own_claim(sim, request)))


async def expected_resolutions(sim: Simulator, request: Request) -> Response:
    return answer(expected_documents(own_claim(sim, request)))
