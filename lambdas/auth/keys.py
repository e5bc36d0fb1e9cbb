"""The public halves of the signing keys."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from painelml.core.http import http_routes
from painelml.core.secrets import parameter

router = http_routes()


@router.get("/.well-known/jwks.json")
def jwks() -> Response[str]:
    return Response(200, "application/json", parameter("jwks"), {"Cache-Control": "public, max-age=300"})
