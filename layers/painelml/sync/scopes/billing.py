"""Billing periods and their charges, one call after the other: Mercado Livre counts these by our address, not by seller."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, tenant_session
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.billing_periods import queries
from painelml.marketplace.billing_periods.models import (
    DOCUMENT_TYPES,
    GROUPS,
    ChargesRead,
    PeriodDocument,
    PeriodRead,
    Read,
    Stream,
    differences,
    read_charge,
    read_period,
    read_summary,
)
from painelml.marketplace.billing_periods.service import apply_billing
from painelml.marketplace.documents import currency_of, minor_units
from painelml.marketplace.errors import MarketplaceBusy, ResourceMissing, UnknownEnvelope
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec, readable

PERIODS_LIMIT = 12
DETAILS_LIMIT = 1_000
ROOT = "/billing/integration"
CHECK_EVERY = timedelta(hours=20)  # a summary is asked for once a day, whoever starts how many runs


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:  # noqa: ARG001 - a period says itself how far it was read
    return {"since": (now() - timedelta(days=days)).date().isoformat(), "todo": None, "at": None}


def billing_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[Read], PageDone]:
    """First the list of periods; then, for each period that has something new, its charges page by page and one comparison.

    `todo` are the streams still to be read, as [key, group, document type, amount, status] of the list; `at` is where the
    first of them stands: {from_id, whole, theirs}.
    """
    if cursor["todo"] is None:
        return _list(api, cursor)
    *named, amount, status = cursor["todo"][0]
    stream = Stream(*named)
    try:
        return _charges(api, cursor, stream, amount, status)
    except ResourceMissing:
        return [], _next(cursor, errors=[SyncError(code="period_missing", resource=str(stream), at=now())])


def _list(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[Read], PageDone]:
    told, errors = readable(_listed(api), read_period, "period")
    held = _held(api)
    since = date.fromisoformat(cursor["since"])
    periods = [period for period in told if period.stream in held or period.date_to >= since]
    currency = currency_of(api.account.site_id)
    todo = [
        [*period.stream, minor_units(period.amount, currency), period.status]
        for period in periods
        if _has_news(period, held.get(period.stream), currency)
    ]
    return list(periods), PageDone(cursor={**cursor, "todo": todo}, errors=errors, finished=not todo)


def _listed(api: SellerApi) -> Iterator[dict[str, Any]]:
    for group in GROUPS:
        for document_type in DOCUMENT_TYPES:
            asked = {"group": group, "document_type": document_type}
            for document in _whole(api, f"{ROOT}/monthly/periods", **asked, limit=PERIODS_LIMIT)["results"]:
                yield {**document, **asked}


def _has_news(period: PeriodDocument, held: Row | None, currency: str) -> bool:
    """A closed period that was read to its end and adds up has none, unless its amount moved: a late bonus."""
    if held is None or period.status == "OPEN" or not held["reconciled"]:
        return True
    return (held["read_status"], held["read_amount"]) != (period.status, minor_units(period.amount, currency))


def _charges(api: SellerApi, cursor: dict[str, Any], stream: Stream, amount: int, status: str) -> tuple[list[Read], PageDone]:
    held = _held(api)[stream]
    at = cursor["at"] or _begin(held, status)
    path = f"{ROOT}/periods/key/{stream.key}/group/{stream.group}/details"
    asked: dict[str, str | int] = {"document_type": stream.document_type, "limit": DETAILS_LIMIT, "from_id": at["from_id"]}
    results = _whole(api, path, **asked, sort_by="ID", order_by="ASC")["results"]
    if not results:
        return _compare(api, cursor, stream, held, {**at, "amount": amount, "status": status})
    charges, errors = readable(results, read_charge, "charge")
    last_id = _last_id(results)
    if last_id <= at["from_id"]:
        raise UnknownEnvelope("a page of charges that does not lead on")
    done = PageDone(
        cursor={**cursor, "at": {**at, "from_id": last_id}}, processed=Counters(charges=len(charges)), errors=errors
    )
    return [ChargesRead(held["id"], charges)], done


def _begin(held: Row, status: str) -> dict[str, Any]:
    """Where the last run ended; from the start where the period was closed since, because its charges got their documents."""
    whole = held["read_status"] != status
    return {"from_id": 0 if whole else held["last_id"], "whole": whole, "theirs": None}


def _compare(
    api: SellerApi, cursor: dict[str, Any], stream: Stream, held: Row, at: dict[str, Any]
) -> tuple[list[Read], PageDone]:
    """The end of a stream. If what was read anew does not add up, something before it has changed: once more from the start."""
    theirs = at["theirs"]
    if theirs is None and (held["checked_at"] is None or held["checked_at"] <= now() - CHECK_EVERY):
        summary = _whole(
            api,
            f"{ROOT}/periods/key/{stream.key}/summary/details",
            group=stream.group,
            document_type=stream.document_type,
        )
        theirs = read_summary(summary, currency_of(api.account.site_id))
    found = None if theirs is None else differences(_sums(api, held["id"]), theirs)
    if found and not at["whole"]:
        return [], PageDone(cursor={**cursor, "at": {"from_id": 0, "whole": True, "theirs": theirs}})
    errors = [SyncError(code="charges_do_not_add_up", resource=str(stream), at=now())] if found else []
    return [PeriodRead(held["id"], at["amount"], at["status"], found)], _next(cursor, errors=errors)


def _next(cursor: dict[str, Any], *, errors: list[SyncError]) -> PageDone:
    rest = cursor["todo"][1:]
    return PageDone(cursor={**cursor, "todo": rest, "at": None}, errors=errors, finished=not rest)


def _whole(api: SellerApi, path: str, **params: str | int) -> dict[str, Any]:
    """The answer; raises MarketplaceBusy for a 206, which lacks an unknown part: billing has to be asked again later."""
    answer = api.get(path, **params)
    if answer.is_partial:
        raise MarketplaceBusy("billing is not complete")
    document: dict[str, Any] = answer.document
    return document


def _last_id(results: list[dict[str, Any]]) -> int:
    """The greatest id of a page, unreadable charges included, or a run would ask for those for ever."""
    ids = [str((document.get("charge_info") or {}).get("detail_id")) for document in results]
    return max((int(found) for found in ids if found.isdecimal()), default=0)


def _held(api: SellerApi) -> dict[Stream, Row]:
    with tenant_session(api.account.tenant_id) as session:
        rows = queries.held_periods(session, api.account.id)
    return {Stream(row["key"].isoformat(), row["billing_group"], row["document_type"]): row for row in rows}


def _sums(api: SellerApi, period_id: UUID) -> dict[str, int]:
    sums: dict[str, int] = {}
    with tenant_session(api.account.tenant_id) as session:
        for row in queries.totals(session, period_id):
            sums[row["sub_type"]] = sums.get(row["sub_type"], 0) + row["amount"]
    return sums


SPEC = ScopeSpec(first_cursor, billing_page, apply_billing)
