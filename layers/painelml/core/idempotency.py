"""`Idempotency-Key` on POST: the second request with the same key gets the first one's answer, not a second effect.

A key is claimed and its answer kept in transactions of their own, around whatever transactions the route has. A route that dies
between its commit and the keeping of its answer leaves a claim: for a minute a retry is told to wait, then it runs again, and
meets the row's own unique keys. Only successes are kept, and none that sets a cookie or says `no-store`: it holds a secret.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.db import Row, TenantSession, as_json, tenant_session
from painelml.core.errors import Conflict, InvalidRequest, PainelError, Text
from painelml.core.request import header

HEADER = "Idempotency-Key"
CLAIM = timedelta(seconds=60)
KEEP = timedelta(hours=24)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SUCCESS = range(200, 300)

_CLAIM = """
insert into app.idempotency_keys (tenant_id, user_id, key, route, request_hash, claimed_at)
values (%(tenant_id)s, %(user_id)s, %(key)s, %(route)s, %(request_hash)s, %(moment)s)
on conflict (tenant_id, user_id, key) do update
set route = excluded.route, request_hash = excluded.request_hash, claimed_at = excluded.claimed_at, status = null, answer = null
where idempotency_keys.claimed_at < %(kept_since)s
    or (idempotency_keys.status is null and idempotency_keys.claimed_at < %(at_work_since)s
        and idempotency_keys.request_hash = excluded.request_hash)
"""
_HELD = """
select request_hash, status, answer from app.idempotency_keys
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and key = %(key)s
"""
_KEEP = """
update app.idempotency_keys set status = %(status)s, answer = %(answer)s
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and key = %(key)s and claimed_at = %(moment)s
"""
_RELEASE = """
delete from app.idempotency_keys
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and key = %(key)s and claimed_at = %(moment)s
"""
_PRUNE = "delete from app.idempotency_keys where tenant_id = %(tenant_id)s and claimed_at < %(kept_since)s"


class KeyReused(PainelError):
    """The key came with another request before."""

    status = 422
    code = "idempotency_key_reused"
    title: ClassVar[Text] = {"pt-BR": "Idempotency-Key já usada", "en": "Idempotency-Key already used"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta Idempotency-Key acompanhou outro pedido. Use uma nova para cada pedido diferente. Nada foi gravado.",
        "en": "This Idempotency-Key came with another request. Use a new one for each different request. Nothing was written.",
    }


class StillAtWork(Conflict):
    """The first request with this key has not answered yet."""

    code = "request_in_progress"
    title: ClassVar[Text] = {"pt-BR": "Pedido em andamento", "en": "Request in progress"}
    detail: ClassVar[Text] = {
        "pt-BR": "O primeiro pedido com esta Idempotency-Key ainda não terminou. Repita em alguns segundos.",
        "en": "The first request with this Idempotency-Key has not finished. Repeat it in a few seconds.",
    }
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


def once(event: Mapping[str, Any], caller: Caller, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of `work`, or the one kept for the same key, person and request; raises KeyReused, StillAtWork."""
    key = header(event, HEADER)
    if not _KEY.fullmatch(key):
        raise InvalidRequest(errors=[{"field": HEADER, "message": "1 to 255 printable ASCII characters"}])
    held = {"user_id": caller.user_id, "key": key, "moment": now()}
    with tenant_session(caller.tenant_id) as session:
        kept = _claimed(session, event, held)
    if kept is not None:
        return _again(kept)
    answer = work()
    with tenant_session(caller.tenant_id) as session:
        if answer["statusCode"] in _SUCCESS and not _holds_secret(answer):
            session.execute(_KEEP, **held, status=answer["statusCode"], answer=as_json(answer))
        else:
            session.execute(_RELEASE, **held)
    return answer


def prune(session: TenantSession) -> int:
    """Forgets the tenant's answers that are older than a day."""
    return session.execute(_PRUNE, kept_since=now() - KEEP)


def _claimed(session: TenantSession, event: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any] | None:
    """The kept answer, or None when the key is ours to work under."""
    request_hash = _request_hash(event)
    ours = session.execute(
        _CLAIM,
        **held,
        route=f"POST {event['path']}",
        request_hash=request_hash,
        kept_since=held["moment"] - KEEP,
        at_work_since=held["moment"] - CLAIM,
    )
    if ours:
        return None
    row: Row | None = session.one(_HELD, user_id=held["user_id"], key=held["key"])
    if row is None or (row["status"] is None and bytes(row["request_hash"]) == request_hash):
        raise StillAtWork
    if bytes(row["request_hash"]) != request_hash:
        raise KeyReused
    answer: dict[str, Any] = row["answer"]
    return answer


def _again(answer: dict[str, Any]) -> dict[str, Any]:
    headers = {**(answer.get("multiValueHeaders") or {}), "Idempotent-Replayed": ["true"]}
    return {**answer, "multiValueHeaders": headers}


def _holds_secret(answer: Mapping[str, Any]) -> bool:
    headers = {name.lower(): values for name, values in (answer.get("multiValueHeaders") or {}).items()}
    return "set-cookie" in headers or "no-store" in headers.get("cache-control", [])


def _request_hash(event: Mapping[str, Any]) -> bytes:
    asked = [event["path"], event.get("multiValueQueryStringParameters"), event.get("body"), event.get("isBase64Encoded")]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
