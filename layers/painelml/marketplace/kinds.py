"""A kind of thing that Mercado Livre keeps for a seller: what points at it, how it is read, how it gets into our tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from painelml.core.db import TenantSession
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.documents import Versioned

D = TypeVar("D", bound=Versioned)

NUMBER = r"[1-9][0-9]{0,17}"  # ids exceed 32 bits and fit into 63


@dataclass(frozen=True, slots=True)
class Kind(Generic[D]):
    """Everything that notifications, syncs and reconciliation need to know of one kind.

    `path` is where the API has it and how it is named in our tables, with `{id}` in it. `topics` maps a notification's topic to
    the pattern of its `resource`, whose first group is the id. `fetch` reads one (in as many calls as it takes); `apply` writes
    what is at least as new as what is held and answers the ids written.
    """

    name: str
    path: str
    topics: Mapping[str, re.Pattern[str]]
    fetch: Callable[[SellerApi, str], D]
    apply: Callable[[TenantSession, ConnectedAccount, Sequence[D]], Sequence[int | str]]


def pointing(pattern: str) -> re.Pattern[str]:
    """The pattern of a notification's `resource`: with or without the leading slash, ASCII only."""
    return re.compile(f"/?{pattern}", re.ASCII)
