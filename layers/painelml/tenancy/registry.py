"""All tenants, for work that goes through each of them in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from painelml.core.db import directory_session
from painelml.tenancy import queries

TENANTS_AT_ONCE = 500


def every_tenant() -> Iterator[UUID]:
    """The ids of all tenants, read a page at a time, so that memory does not grow with their number."""
    after: UUID | None = None
    while True:
        with directory_session() as session:
            found = queries.ids(session, after=after, page_size=TENANTS_AT_ONCE)
        yield from found
        if len(found) < TENANTS_AT_ONCE:
            return
        after = found[-1]
