"""The seller itself: one document, one page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.sellers.models import ProfileDocument
from painelml.marketplace.sellers.service import apply_profiles, fetch_profile
from painelml.sync.models import PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:  # noqa: ARG001 - there is only now
    return {}


def seller_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[ProfileDocument], PageDone]:
    """The seller as it is now."""
    try:
        return [fetch_profile(api)], PageDone(cursor=cursor, finished=True)
    except ValidationError:
        error = SyncError(code="unreadable_seller", resource=str(api.account.seller_id), at=now())
        return [], PageDone(cursor=cursor, errors=[error], finished=True)


SPEC = ScopeSpec(first_cursor, seller_page, apply_profiles)
