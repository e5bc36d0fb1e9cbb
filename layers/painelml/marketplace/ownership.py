"""Whose a document is: nothing enters an account's tables that is not its seller's."""

from __future__ import annotations

from typing import Protocol, TypeVar

from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.errors import AccessRefused


class _Owned(Protocol):
    @property
    def seller_id(self) -> int: ...


T = TypeVar("T", bound=_Owned)


def checked(document: T, account: ConnectedAccount) -> T:
    """The document itself; raises AccessRefused for another seller's."""
    if document.seller_id != account.seller_id:
        raise AccessRefused(403, "not_this_seller")
    return document
