"""One HTTP call to Mercado Livre over a pooled session (reference: developers.mercadolivre.com.br).

Every call has timeouts, follows no redirect and sends the token in the header only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from painelml.core import metrics
from painelml.core.config import config
from painelml.marketplace.api.answers import Answer, read
from painelml.marketplace.api.endpoints import endpoint_of
from painelml.marketplace.api.gate import passing
from painelml.marketplace.errors import MarketplaceBusy, NotSent, OutcomeUnknown, PermissionMissing

if TYPE_CHECKING:
    from requests import Response, Session

TIMEOUTS = (3.05, 10)  # connect, read: together well under the 30 s that a transaction may wait
POOL = 16

Method = Literal["GET", "POST", "PUT", "DELETE"]
Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send as multipart, in the field `file`."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `body` goes as JSON, `form` urlencoded, `upload` as multipart; at most one of them."""

    method: Method
    path: str
    params: Params = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    upload: Upload | None = None

    @property
    def is_write(self) -> bool:
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who asks. `background` work (syncs, backfills) leaves room for notifications and people. repr() hides the token."""

    token: str = field(repr=False)
    seller_id: int = 0
    background: bool = False


NOBODY = Bearer("")
"""Calls without a token: the token endpoint's own."""


def send(call: Call, bearer: Bearer = NOBODY) -> Answer:
    """The answer; raises one of marketplace.errors.

    A write that was refused (4xx, 429) or never left has changed nothing; one whose answer was lost raises OutcomeUnknown.
    """
    endpoint = endpoint_of(call.method, call.path)
    with passing(endpoint, seller_id=bearer.seller_id, background=bearer.background):
        try:
            response = _response(call, bearer)
        except (MarketplaceBusy, OutcomeUnknown):
            metrics.count("MercadoLivreErrors", endpoint=endpoint.name, status="no_answer")
            raise
        if response.status_code >= 300:
            metrics.count("MercadoLivreErrors", endpoint=endpoint.name, status=_family(response.status_code))
        try:
            return read(response, writing=call.is_write)
        except PermissionMissing as refused:
            refused.permission = permission(call)
            raise


def _response(call: Call, bearer: Bearer) -> Response:
    import requests

    try:
        return _session().request(
            call.method,
            config().mercado_livre_api_url.rstrip("/") + call.path,
            params=call.params,
            json=call.body,
            data=call.form,
            files=_multipart(call.upload),
            headers={**call.headers, **({"Authorization": f"Bearer {bearer.token}"} if bearer.token else {})},
            timeout=TIMEOUTS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        reason = f"no answer: {type(error).__name__}"
        if _never_left(error):
            raise NotSent(reason) from None
        if call.is_write:
            raise OutcomeUnknown(reason) from None
        raise MarketplaceBusy(reason) from None


def permission(call: Call) -> str:
    """The functional permission that the call draws on, and how: `sales.read`, `communication.write`."""
    endpoint = endpoint_of(call.method, call.path)
    return f"{endpoint.permission or endpoint.name}.{'write' if call.is_write else 'read'}"


def _family(status: int) -> str:
    """The status where it says something of its own, else its hundred: a metric's dimension is a small closed set."""
    return str(status) if status in (400, 401, 403, 404, 409, 429) else f"{status // 100}xx"


def _never_left(error: Exception) -> bool:
    """Whether no connection was made. A connection that broke may have carried the request before."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    if isinstance(error, ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)


def _multipart(upload: Upload | None) -> Any:
    return {"file": (upload.name, upload.content, upload.media_type)} if upload else None


@cache
def _session() -> Session:
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.headers["Accept"] = "application/json"
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=POOL))
    return session
