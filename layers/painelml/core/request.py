"""Reading an API Gateway event, apart from the resolver so that the authorizer need not load it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from painelml.core.config import config


class Sender(TypedDict):
    """Where a request comes from, and the language of what it makes us write."""

    address: str
    language: str


def header(event: Mapping[str, Any], name: str) -> str:
    """A request header by any case; empty when absent."""
    wanted = name.lower()
    return next((value for key, value in (event.get("headers") or {}).items() if key.lower() == wanted and value), "")


def client_ip(event: Mapping[str, Any]) -> str:
    """The caller's address: the entry of X-Forwarded-For that our trusted hops wrote, else the connection's own."""
    hops = config().trusted_hops
    forwarded = [part.strip() for part in header(event, "x-forwarded-for").split(",") if part.strip()]
    if hops and len(forwarded) > hops:
        return forwarded[-1 - hops]
    source: str = ((event.get("requestContext") or {}).get("identity") or {}).get("sourceIp") or ""
    return source


def language(event: Mapping[str, Any]) -> str:
    """pt-BR unless the first language that the client accepts and we have is English."""
    for part in header(event, "accept-language").split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("en"):
            return "en"
        if tag.startswith("pt"):
            return "pt-BR"
    return "pt-BR"


def sender(event: Mapping[str, Any]) -> Sender:
    return {"address": client_ip(event), "language": language(event)}


def request_id(event: Mapping[str, Any]) -> str:
    """API Gateway's id of this request, which problem documents and log lines carry."""
    found: str = (event.get("requestContext") or {}).get("requestId") or ""
    return found
