"""Claims, in the order of their last update, from a moment on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.claims.models import ClaimDocument, read_claim
from painelml.marketplace.claims.service import apply_claims, fetch_return
from painelml.marketplace.errors import CallRefused
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec, later, readable

SEARCH_LIMIT = 100
OFFSET_CAP = 9_999
RETURNS_PER_PAGE = 6  # each is a call of its own, and a page must not outlast what the gate lets through at once
OVERLAP = timedelta(hours=2)  # an update may become visible some time after its stamp


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:
    start = now() - timedelta(days=days)
    if newest is not None:
        start = max(start, newest - OVERLAP)
    return {"after": start.isoformat(), "offset": 0, "newest": newest.isoformat() if newest else None}


def claims_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[ClaimDocument], PageDone]:
    """Up to a hundred claims. The next page begins at the last one's stamp, not at an offset: a claim that is updated while we
    page moves to the end, and by offsets the one that moves up into its place would never be read."""
    after, offset = datetime.fromisoformat(cursor["after"]), cursor["offset"]
    found = api.get("/post-purchase/v1/claims/search", **_search(api, after, offset)).document["data"]
    documents = list(_up_to_returns(found))
    claims, errors = readable(documents, read_claim, "claim")
    whole = [_with_return(api, claim, errors) if claim.has_return else claim for claim in claims]
    newest = max((claim.last_updated for claim in claims), default=None)
    start = max(after, newest - timedelta(milliseconds=1)) if newest else after
    finished = len(found) < SEARCH_LIMIT and len(documents) == len(found)
    offset = 0 if start > after else offset + len(documents)
    if not finished and offset > OFFSET_CAP:
        # Thousands of one moment: what the offset cannot reach is left out, and the run goes on after that moment.
        errors.append(SyncError(code="window_too_dense", resource=start.isoformat(), at=now()))
        start, offset = start + timedelta(milliseconds=2), 0
    done = PageDone(
        cursor={"after": start.isoformat(), "offset": offset, "newest": later(cursor["newest"], newest)},
        processed=Counters(claims=len(claims)),
        errors=errors,
        finished=finished,
    )
    return whole, done


def _search(api: SellerApi, after: datetime, offset: int) -> dict[str, str | int]:
    return {
        "players.user_id": api.account.seller_id,
        "players.role": "respondent",
        "range": f"last_updated:after:{after.isoformat(timespec='milliseconds')}",
        "sort": "last_updated:asc",
        "limit": SEARCH_LIMIT,
        "offset": offset,
    }


def _up_to_returns(documents: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The first of them, with no more returns than a page reads."""
    returns = 0
    for document in documents:
        returns += "return" in (document.get("related_entities") or ())
        if returns > RETURNS_PER_PAGE:
            return
        yield document


def _with_return(api: SellerApi, claim: ClaimDocument, errors: list[SyncError]) -> ClaimDocument:
    """The claim with its return; without, and the run says so, where the return cannot be read."""
    try:
        return claim.model_copy(update={"returned": fetch_return(api, claim.id)})
    except CallRefused as refused:
        errors.append(SyncError(code=f"return_answered_{refused.status}", resource=str(claim.id), at=now()))
    except ValidationError:
        errors.append(SyncError(code="unreadable_return", resource=str(claim.id), at=now()))
    return claim


SPEC = ScopeSpec(first_cursor, claims_page, apply_claims)
