"""Keyset pages: `?limit=&cursor=` → `{data, next_cursor}`. A cursor is opaque to clients and holds the last row's sort key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel

from painelml.core.errors import InvalidRequest

T = TypeVar("T")

MORE = 1  # a page asks for one row more than it shows, to know whether there is a next one

Limit = Annotated[int, Query(ge=1, le=100, description="Rows per page.")]
Cursor = Annotated[str | None, Query(max_length=512, description="next_cursor of the page before.")]


class Page(BaseModel, Generic[T]):
    """One page. `next_cursor` is null on the last."""

    data: list[T]
    next_cursor: str | None


def encode_cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, default=str).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """The sort key of `parts` values as strings; raises InvalidRequest for a cursor that we did not make."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(key, list) and len(key) == parts and _is_text("".join(map(str, key))):
            return [str(value) for value in key]
    except ValueError:
        pass
    raise foreign_cursor()


def decode_id(cursor: str | None) -> UUID | None:
    """The id after which a list sorted by id goes on; None for its first page."""
    if cursor is None:
        return None
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except ValueError:
        raise foreign_cursor() from None


def newest_first(cursor: str | None, read: Callable[[str], T], last: T) -> tuple[str, T]:
    """The `(moment, id)` before which a list sorted newest first goes on; for its first page a key after every row.

    `read` makes an id of its text and raises ValueError for what is none.
    """
    if cursor is None:
        return "infinity", last
    moment, key = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(moment).isoformat(), read(key)
    except ValueError:
        raise foreign_cursor() from None


def page_of(found: Sequence[T], limit: int, *, key: Callable[[T], Sequence[Any]]) -> Page[T]:
    """A page of at most `limit` of the rows `found`, which were read one beyond the limit to see whether more follow."""
    data = list(found[:limit])
    return Page(data=data, next_cursor=encode_cursor(*key(data[-1])) if len(found) > limit else None)


def foreign_cursor() -> InvalidRequest:
    """The refusal of a cursor that no list of ours gave."""
    return InvalidRequest(errors=[{"field": "cursor", "message": "not a next_cursor of this list"}])


def _is_text(value: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, and (raises ValueError) nothing that UTF-8 cannot say."""
    return b"\0" not in value.encode()
