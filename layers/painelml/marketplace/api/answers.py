"""What Mercado Livre answered, read: the document, or one of marketplace.errors told apart by status and code.

Its error bodies come in many shapes (JSON with `error`, `code`, `status_code`, a `cause` that is a text, a list of texts or of
objects; bare text from the edge; HTML from the CDN) and three languages. Only what looks like a code is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from painelml.core.text import storable
from painelml.marketplace.errors import (
    LONGEST_PAUSE,
    AccessRefused,
    ApplicationBlocked,
    CallRefused,
    ChangedMeanwhile,
    ForeignResource,
    MarketplaceBusy,
    OutcomeUnknown,
    PermissionMissing,
    ResourceMissing,
    Throttled,
    TokenRejected,
)

if TYPE_CHECKING:
    from requests import Response

CODE = re.compile(r"[\w.\-]{1,60}", re.ASCII)
EDGE_PAUSE = 60
BUSY = frozenset({*range(300, 400), 408, 409, 429})  # and 5xx

FOREIGN = frozenset({"not_owned_order", "caller.id.invalid", "not_this_seller", "another_resource"})
SCOPES = frozenset({"invalid_scopes", "invalid_scope"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer. `missing` names the fields that a 206 left out (header X-Content-Missing); `headers` are without case."""

    document: Any
    missing: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    @property
    def is_partial(self) -> bool:
        """206: Mercado Livre could not put all of it together; named in `missing`, or to be asked again later."""
        return self.status == 206

    @property
    def version(self) -> str | None:
        """The header `x-version` of stock, which the write that follows must send back."""
        return self.headers.get("x-version")


def read(response: Response, *, writing: bool = False) -> Answer:
    """The answer; raises what it deserves. `writing`: the call changes something, so a doubtful end is OutcomeUnknown."""
    status = response.status_code
    if not 200 <= status < 300:
        raise _error(response, writing=writing)
    if status == 204 or not response.content:
        return Answer(None, headers=response.headers, status=status)
    try:
        document = storable(response.json(), source=response.content)
    except ValueError:
        if writing:
            raise OutcomeUnknown("an answer that is not JSON") from None
        raise MarketplaceBusy("an answer that is not JSON") from None
    missing = response.headers.get("X-Content-Missing", "") if status == 206 else ""
    names = frozenset(name.strip() for name in missing.split(",") if name.strip())
    return Answer(document, names, response.headers, status)


def _error(response: Response, *, writing: bool) -> Exception:
    status, body = response.status_code, _body(response)
    codes = list(_codes(body))
    code = codes[0] if codes else "unknown" if body is not None else "not_json"
    if status in BUSY or status >= 500:
        return _busy(status, f"answered {status} {code}", _retry_after(response), writing=writing)
    if status == 401 and "unauthorized_scopes" in codes:
        return ApplicationBlocked()
    if status == 403:
        return _refused_access(body, code, codes)
    refused = {401: TokenRejected, 404: ResourceMissing}.get(status, CallRefused)
    return refused(status, code, codes[1:])


def _busy(status: int, reason: str, retry_after: int | None, *, writing: bool) -> Exception:
    if status == 409:
        return ChangedMeanwhile(reason, retry_after)
    if status == 429:
        return Throttled(reason, retry_after)
    return OutcomeUnknown(reason) if writing and status >= 500 else MarketplaceBusy(reason, retry_after)


def _refused_access(body: Any, code: str, codes: list[str]) -> Exception:
    """403 is many things: the CDN's page, a policy of our application, a scope of the grant, another seller's resource."""
    if not isinstance(body, dict):
        return MarketplaceBusy("the edge refused us", EDGE_PAUSE)
    policy = str(body.get("blocked_by", "")).lower() == "policyagent" or code.startswith("PA_")
    if policy or SCOPES.intersection(found.lower() for found in codes):
        return PermissionMissing(403, code, codes[1:])
    foreign = next((found for found in codes if found in FOREIGN), None)
    if foreign:
        return ForeignResource(403, foreign, codes)
    return AccessRefused(403, code, codes[1:])


def _body(response: Response) -> Any:
    """The JSON body of an error; None for bare text, HTML and half of something."""
    try:
        return response.json()
    except ValueError:
        return None


def _codes(body: Any) -> Iterator[str]:
    """Every code that an error body carries, the most telling first; sentences never pass."""
    if not isinstance(body, dict):
        return
    yield from filter(None, (_as_code(body.get(name)) for name in ("code", "error")))
    spoken = _as_code(body.get("message"))  # a code in the place of prose, as messages answer them
    if spoken and "_" in spoken:
        yield spoken
    causes = body.get("cause")
    for cause in causes if isinstance(causes, list) else [causes]:
        if isinstance(cause, dict):
            if cause.get("type") != "warning" and (found := _as_code(cause.get("code"))):
                yield found
        elif found := _as_code(cause):
            yield found


def _as_code(value: Any) -> str | None:
    """The value where it is one word; two words that are a code of theirs all the same become one (`Invalid scopes`)."""
    if isinstance(value, str) and value.lower() in ("invalid scopes", "invalid scope"):
        return value.lower().replace(" ", "_")
    return value if isinstance(value, str) and CODE.fullmatch(value) else None


def _retry_after(response: Response) -> int | None:
    given = response.headers.get("Retry-After", "")
    return min(int(given), LONGEST_PAUSE) if given.isdecimal() else None
