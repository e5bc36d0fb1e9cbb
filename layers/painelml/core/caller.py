"""Who is calling: what the authorizer proved, for the length of one invocation."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from painelml.core.errors import Unauthenticated


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`role` is the tenant role (OWNER, ADMIN, AGENT, VIEWER); `platform_role` is empty for sellers' own people.

    A program that calls with an API key acts for the person who made it: `key_id` is the key's id (and `session_id` too),
    `scopes` the permissions that it was given, with spaces between, and `key_limit` the calls in 15 minutes (0: as many as the
    plan allows). They are empty for someone who logged in.
    `placement` is where the tenant's rows are, empty where the token does not say. `visiting`: one of the platform's people in
    someone's tenant, which no token says: the entry point makes it of `X-Tenant-Id`.
    """

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    role: str
    platform_role: str = ""
    key_id: str = ""
    scopes: str = ""
    key_limit: int = 0
    placement: str = ""
    visiting: bool = False

    def context(self) -> dict[str, str]:
        """The authorizer's answer to API Gateway, which carries only flat strings."""
        return {name: str(getattr(self, name)) for name in self.__slots__ if name != "visiting"}

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Caller:
        return cls(
            tenant_id=UUID(context["tenant_id"]),
            user_id=UUID(context["user_id"]),
            session_id=UUID(context["session_id"]),
            role=context["role"],
            platform_role=context.get("platform_role", ""),
            key_id=context.get("key_id", ""),
            scopes=context.get("scopes", ""),
            key_limit=int(context.get("key_limit") or 0),
            placement=context.get("placement", ""),
        )


_current: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current_caller() -> Caller:
    """The caller of this request; raises Unauthenticated on a route that the authorizer does not guard."""
    caller = _current.get()
    if caller is None:
        raise Unauthenticated
    return caller


def known_caller() -> Caller | None:
    """The caller of this request, None where there is none to know."""
    return _current.get()


@contextmanager
def calling(caller: Caller | None) -> Generator[None]:
    """Sets the caller for one invocation and forgets it after, whatever happens."""
    token = _current.set(caller)
    try:
        yield
    finally:
        _current.reset(token)
