"""Mercado Livre as one seller's token sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.tokens import access_token, refreshed
from painelml.marketplace.api import client
from painelml.marketplace.api.client import Answer
from painelml.marketplace.errors import TokenRejected

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SellerApi:
    """Mercado Livre with one seller's token. A rejected token costs one refresh and one retry, never more.

    A `token` that is given is used as it is, and TokenRejected is its giver's: no database is touched then.
    """

    account: ConnectedAccount
    token: str | None = field(default=None, repr=False)

    def get(self, path: str, **params: str | int) -> Answer:
        return self._with_token(lambda token: client.get(path, token, **params))

    def get_all(self, calls: list[tuple[str, dict[str, str | int]]]) -> list[Answer]:
        """Independent reads at the same time, answers in the order of the calls."""
        return self._with_token(lambda token: client.get_all(calls, token))

    def _with_token(self, call: Callable[[str], T]) -> T:
        if self.token:
            return call(self.token)
        token = access_token(self.account.tenant_id, self.account.id)
        try:
            return call(token)
        except TokenRejected:
            return call(refreshed(self.account.tenant_id, self.account.id, unlike=token))
