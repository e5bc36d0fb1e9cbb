"""Mercado Livre as one seller's token sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from painelml.core.errors import ServiceUnavailable
from painelml.core.gcra import InProcess
from painelml.core.observability import logger
from painelml.marketplace.accounts import health
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.tokens import access_token, refreshed
from painelml.marketplace.api import client
from painelml.marketplace.api.answers import Answer
from painelml.marketplace.api.transport import Bearer, Call, Params, Upload, permission
from painelml.marketplace.errors import AccessRefused, CallRefused, PermissionMissing, ReconnectRequired, TokenRejected

LOOKS_A_MINUTE = 1


@dataclass(frozen=True, slots=True)
class SellerApi:
    """Mercado Livre with one seller's token. A rejected token costs one refresh and one retry, never more.

    `background` is for work that can wait (syncs, backfills): it leaves room for notifications and people. Call it outside any
    transaction. Reads raise MarketplaceBusy where they may be asked again; so do writes that changed nothing. A write whose end
    is not known raises OutcomeUnknown and is never repeated here.

    A `token` that is given is used as it is, and TokenRejected is its giver's, as is what there is to learn about the account's
    health (`learn_answer`, `learn_refusal`): no database is touched then.
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
        return self._tried([Call("GET", path, params, self.headers) for path, params in calls])

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
        return self._tried([call])[0]

    def learn_answer(self, calls: Sequence[Call]) -> None:
        """Ends the warnings that answers to these calls prove wrong."""
        if self.account.warnings:
            health.clear(self.account, {*health.RESTRICTED, *(entry for call in calls for entry in _proved(call))})

    def learn_refusal(self, refused: AccessRefused) -> None:
        """Keeps the warning that a 403 gives; one of no particular kind is looked into."""
        if isinstance(refused, PermissionMissing):
            health.note(self.account, "permission_missing", refused.permission)
        elif type(refused) is AccessRefused and (refused.says("FORBIDDEN") or refused.says("access_denied")):
            self._look_at_the_account()

    def _tried(self, calls: Sequence[Call]) -> list[Answer]:
        if self.token:
            return client.send_all(calls, self._bearer(self.token))
        try:
            answers = self._with_token(calls)
        except AccessRefused as refused:
            self.learn_refusal(refused)
            raise
        self.learn_answer(calls)
        return answers

    def _with_token(self, calls: Sequence[Call]) -> list[Answer]:
        token = access_token(self.account.tenant_id, self.account.id)
        try:
            return client.send_all(calls, self._bearer(token))
        except TokenRejected:
            return client.send_all(calls, self._bearer(refreshed(self.account.tenant_id, self.account.id, unlike=token)))

    def _look_at_the_account(self) -> None:
        """If a seller may not even read itself, it is the account that is refused."""
        if not _looks.judge((self.account.id, "marketplace", LOOKS_A_MINUTE)).allowed:
            return
        try:
            [answer] = self._with_token([Call("GET", "/users/me")])
        except AccessRefused:
            health.note(self.account, "account_restricted")
        except (CallRefused, ReconnectRequired, ServiceUnavailable) as unclear:
            logger.info("account not looked at", extra={"reason": unclear.code})
        else:
            if (answer.document.get("status") or {}).get("required_action") == "kyc":
                health.note(self.account, "pending_kyc")

    def _bearer(self, token: str) -> Bearer:
        return Bearer(token, self.account.seller_id, self.background)


def _proved(call: Call) -> list[str]:
    """The warnings that are over when this call is answered: who may write may read."""
    granted = permission(call)
    levels = [granted, granted.replace(".write", ".read")]
    return [health.warning("permission_missing", level) for level in levels]


_looks = InProcess()
