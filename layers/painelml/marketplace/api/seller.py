"""Mercado Livre as one seller's token sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.tokens import access_token, refreshed
from painelml.marketplace.api import client
from painelml.marketplace.api.answers import Answer
from painelml.marketplace.api.transport import Bearer, Call, Params, Upload, send
from painelml.marketplace.errors import TokenRejected

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SellerApi:
    """Mercado Livre with one seller's token. A rejected token costs one refresh and one retry, never more.

    `background` is for work that can wait (syncs, backfills): it leaves room for notifications and people. Call it outside any
    transaction. Reads raise MarketplaceBusy where they may be asked again; so do writes that changed nothing. A write whose end
    is not known raises OutcomeUnknown and is never repeated here. A `token` that is given is used as it is, and TokenRejected
    is its giver's: no database is touched then.
    """

    account: ConnectedAccount
    token: str | None = field(default=None, repr=False)
    background: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def sending(self, **headers: str) -> SellerApi:
        """The same with more headers; `_` stands for `-`: `api.sending(x_format_new="true").get(f"/shipments/{id}")`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **more})

    def get(self, path: str, **params: str | int) -> Answer:
        return self._send(Call("GET", path, params, self.headers))

    def get_all(self, calls: Sequence[tuple[str, Params]]) -> list[Answer]:
        """Independent reads at the same time, answers in the order of the calls."""
        asked = [Call("GET", path, params, self.headers) for path, params in calls]
        return self._with_token(lambda bearer: client.send_all(asked, bearer))

    def post(self, path: str, body: Any = None, **params: str | int) -> Answer:
        return self._send(Call("POST", path, params, self.headers, body))

    def put(self, path: str, body: Any = None, **params: str | int) -> Answer:
        """Stock wants the version that was read: `api.sending(x_version=answer.version).put(…)`."""
        return self._send(Call("PUT", path, params, self.headers, body))

    def delete(self, path: str, **params: str | int) -> Answer:
        return self._send(Call("DELETE", path, params, self.headers))

    def upload(self, path: str, file: Upload, **params: str | int) -> Answer:
        """POST of one file as multipart, in the field `file`."""
        return self._send(Call("POST", path, params, self.headers, upload=file))

    def _send(self, call: Call) -> Answer:
        return self._with_token(lambda bearer: send(call, bearer))

    def _with_token(self, call: Callable[[Bearer], T]) -> T:
        if self.token:
            return call(self._bearer(self.token))
        token = access_token(self.account.tenant_id, self.account.id)
        try:
            return call(self._bearer(token))
        except TokenRejected:
            return call(self._bearer(refreshed(self.account.tenant_id, self.account.id, unlike=token)))

    def _bearer(self, token: str) -> Bearer:
        return Bearer(token, self.account.seller_id, self.background)
