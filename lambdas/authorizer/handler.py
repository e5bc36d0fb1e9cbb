"""The REQUEST authorizer: who is calling? A signed token is proved with the published keys, an API key with the database.

Its answer covers the whole stage, because API Gateway keeps it for other routes of the same token; the routes judge roles.
"""

from __future__ import annotations

from typing import Any

from painelml.core.caller import Caller
from painelml.core.errors import ServiceUnavailable, Unauthenticated
from painelml.core.observability import begin_log, logger
from painelml.core.request import header, request_id
from painelml.identity.tokens import KEY_PREFIX, prove

TOKEN_LIMIT_BYTES = 8 * 1024


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A policy for the stage with the caller as its context; raises `Unauthorized`, the text that API Gateway makes a 401.

    A key that cannot be looked up now is not called false: `Unavailable` becomes a 503 (docs/decisions/0041).
    """
    begin_log(request_id(event))
    try:
        caller = _proved(_bearer(event))
    except Unauthenticated as error:
        logger.info("token refused", extra={"reason": type(error.__cause__ or error).__name__})
        raise Exception("Unauthorized") from None
    except ServiceUnavailable as error:
        logger.warning("key not looked up", extra={"reason": error.code})
        raise Exception("Unavailable") from None
    begin_log(request_id(event), caller)
    logger.info("token accepted", extra={"key_id": caller.key_id})
    return _policy(event["methodArn"], caller)


def _bearer(event: dict[str, Any]) -> str:
    scheme, _, token = header(event, "authorization").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_LIMIT_BYTES:
        raise Unauthenticated
    return token


def _proved(token: str) -> Caller:
    if not token.startswith(KEY_PREFIX):
        return prove(token)
    from painelml.identity import api_keys  # with the database's driver, which a signed token does not need

    return api_keys.prove(token)


def _policy(method_arn: str, caller: Caller) -> dict[str, Any]:
    stage = "/".join(method_arn.split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{stage}/*"}
    return {
        "principalId": str(caller.user_id),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": caller.context(),
    }
