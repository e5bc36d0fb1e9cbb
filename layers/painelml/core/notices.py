"""Response fields that something deep inside a request wants to send: collected for one invocation, sent by the entry point."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_fields: ContextVar[dict[str, str] | None] = ContextVar("notices", default=None)


def send_field(name: str, value: str) -> None:
    """Adds a header to the answer of this request; nothing outside of one (in a worker)."""
    fields = _fields.get()
    if fields is not None:
        fields[name] = f"{fields[name]}, {value}" if name in fields else value


@contextmanager
def collected() -> Generator[dict[str, str]]:
    """The fields of one invocation, forgotten after it."""
    fields: dict[str, str] = {}
    token = _fields.set(fields)
    try:
        yield fields
    finally:
        _fields.reset(token)
