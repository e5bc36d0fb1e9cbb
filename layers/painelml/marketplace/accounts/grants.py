"""Looking for sellers who took their permission back: nothing announces it, and an account that is quiet would not notice.

Mercado Livre lists the application's grants. A list that is not whole says nothing, and absence from a whole one is not enough
either: an account is given up only when its own token, which should still live, is refused as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from painelml.core import metrics
from painelml.core.clock import now
from painelml.core.db import Row, directory_session, tenant_session
from painelml.core.errors import NotFound, ServiceUnavailable
from painelml.core.observability import log_tenant, logger
from painelml.marketplace.accounts import queries, routes, tokens
from painelml.marketplace.accounts.routes import Route
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api import client
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.api.transport import Bearer
from painelml.marketplace.errors import CallRefused, ReconnectRequired, TokenRejected

PAGE = 50
PAGES = 2_000
SELLERS = 500
SETTLED = timedelta(minutes=10)  # a grant younger than this may not be in the list yet

REVOKED = "grant_revoked"


class Incomplete(Exception):
    """The list of grants is not whole; nothing follows from it."""


def check_grants(time_is_left: Callable[[], bool]) -> dict[str, int]:
    """How many grants were listed (0: no whole list was to be had) and how many accounts turned out to be revoked."""
    started, by_tenant, revoked = now(), Counter[UUID](), 0
    granted = _granted(time_is_left)
    for row in _sellers(time_is_left):
        by_tenant[row["tenant_id"]] += 1
        if granted and row["seller_id"] not in granted:
            revoked += _give_up(row, started)
    for tenant_id, accounts in by_tenant.items():
        metrics.measure("MercadoLivreAccounts", accounts, about={"tenant": str(tenant_id)})
    return {"grants": len(granted), "revoked": revoked}


def _granted(time_is_left: Callable[[], bool]) -> frozenset[int]:
    """The sellers that grant our application, asked for with the first account whose token works; empty where none does."""
    with directory_session() as directory:
        readers = [route for site in routes.feed_readers(directory).values() for route in site]
    for route in readers:
        try:
            return _list(route, time_is_left)
        except (CallRefused, ReconnectRequired, NotFound, ServiceUnavailable) as refused:
            logger.warning("grants not listed", extra={"reason": refused.code})
        except Incomplete as fault:
            logger.warning("grants not listed whole", extra={"reason": str(fault)})
            break
    return frozenset()


def _list(route: Route, time_is_left: Callable[[], bool]) -> frozenset[int]:
    with tenant_session(route.tenant_id) as session:
        account = connected_account(session, route.account_id)
    api, ours = SellerApi(account, background=True), client.application_id()
    found: set[int] = set()
    for number in range(PAGES):
        if not time_is_left():
            raise Incomplete("no time left")
        answer = api.get(f"/applications/{ours}/grants", offset=number * PAGE, limit=PAGE)
        total, page = _read(answer.document, ours)
        if answer.is_partial or not page:
            raise Incomplete("a page is missing")
        found.update(page)
        if (number + 1) * PAGE >= total:
            break
    if len(found) != total:
        raise Incomplete(f"{len(found)} grants of {total}")
    if account.seller_id not in found:
        raise Incomplete("the seller who asked is not in it")
    return frozenset(found)


def _read(document: Any, ours: int) -> tuple[int, list[int]]:
    try:
        total = int(document["paging"]["total"])
        if any(int(grant["app_id"]) != ours for grant in document["grants"]):
            raise Incomplete("another application's grants")
        return total, [int(grant["user_id"]) for grant in document["grants"]]
    except (KeyError, TypeError, ValueError):
        raise Incomplete("a shape that we do not know") from None


def _sellers(time_is_left: Callable[[], bool]) -> Iterator[Row]:
    after = 0
    while time_is_left():
        with directory_session() as directory:
            page = queries.sellers_after(directory, after, limit=SELLERS)
        yield from page
        if len(page) < SELLERS:
            return
        after = page[-1]["seller_id"]


def _give_up(row: Row, started: datetime) -> bool:
    """Whether the account was given up."""
    tenant_id, account_id = row["tenant_id"], row["account_id"]
    log_tenant(tenant_id)
    pair = tokens.held(tenant_id, account_id)
    if pair is None or pair.refreshed_at > started - SETTLED or pair.expires_at <= now() + tokens.STALE:
        return False
    try:
        client.get("/users/me", Bearer(pair.access, row["seller_id"], background=True))
    except TokenRejected:
        return tokens.give_up(tenant_id, account_id, pair, REVOKED)
    except (CallRefused, ServiceUnavailable) as unclear:
        logger.warning("grant not listed, and its token not tried", extra={"reason": unclear.code})
        return False
    logger.warning("grant not listed, yet its token works", extra={"account_id": str(account_id)})
    return False
