"""The verbs by name. A line here makes a command of the library's one of the operator's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from lambdas.operations import chain, erasures, keys, notifications, people, schema
from painelml.core.errors import PainelError
from painelml.identity import desk

Verb = Callable[[dict[str, Any]], dict[str, Any]]


def answering(work: Verb) -> Verb:
    """What the caller of a verb may get wrong, as an answer `{"error": {code, detail}}` and not as a crash."""

    def verb(args: dict[str, Any]) -> dict[str, Any]:
        try:
            return work(args)
        except PainelError as error:
            faults = "; ".join(f"{fault['field']}: {fault['message']}" for fault in error.params.get("errors", []))
            return {"error": {"code": error.code, "detail": faults or error.problem("en", "")["detail"]}}
        except ValidationError as error:
            faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors(include_input=False))
            return {"error": {"code": "invalid_request", "detail": faults}}

    return verb


VERBS: dict[str, Verb] = {
    "migrate": schema.migrate,
    "audit": schema.audit,
    "init-keys": keys.init_keys,
    "rotate-keys": keys.rotate_keys,
    "rotate-encryption-key": keys.rotate_encryption_key,
    "reseal-tokens": keys.reseal_tokens,
    "create-platform-user": people.create_platform_user,
    "audit-verify": answering(chain.verify),
    "audit-export": answering(chain.export),
    "erase-tenant": answering(erasures.erase_tenant),
    "replay-erasures": answering(erasures.replay_erasures),
    "webhooks-replay": answering(notifications.replay_notifications),
    "tenant-create": answering(desk.create),
    "tenant-list": answering(desk.listed),
    "tenant-show": answering(desk.show),
    "tenant-move": answering(desk.move),
}
