"""What only the operator does, as a table of verbs: `{"verb": "migrate", "args": {…}}` → the verb's result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from painelml.audit import review
from painelml.core.errors import PainelError
from painelml.core.migrate import audit, migrate, owner_session, owner_url
from painelml.core.observability import begin_log, logger
from painelml.identity import desk, rotation, service
from painelml.identity.keys import fill_secrets
from painelml.identity.models import NewPlatformUser
from painelml.identity.silos import migrate_all, unmake_silo
from painelml.marketplace.accounts.tokens import reseal
from painelml.privacy import erasure
from painelml.tenancy.registry import every_tenant


def _migrate(args: dict[str, Any]) -> dict[str, Any]:
    """`app_password` on a laptop; nothing on AWS, where app signs in by IAM. Raises RuntimeError for what the audit finds."""
    version = migrate(owner_url(), app_password=args.get("app_password"))
    if findings := audit():
        raise RuntimeError(f"The schema is at {version}, and breaks {len(findings)} isolation rules: {findings[:5]}.")
    return {"version": version, "silos": migrate_all()}


def _init_keys(_args: dict[str, Any]) -> dict[str, Any]:
    return dict(fill_secrets())


def _create_platform_user(args: dict[str, Any]) -> dict[str, Any]:
    """`email`, `name`, `password`, `platform_role` (MASTER, SUPPORT or PARTNER)."""
    with owner_session() as session:
        return {"id": str(service.create_platform_user(session, NewPlatformUser.model_validate(args)))}


def _audit(_args: dict[str, Any]) -> dict[str, Any]:
    return {"findings": audit()}


def _audit_verify(args: dict[str, Any]) -> dict[str, Any]:
    """`tenant` verifies that tenant's chain alone."""
    tenants = [UUID(args["tenant"])] if args.get("tenant") else every_tenant()
    return review.verify_all(tenants)


def _audit_export(args: dict[str, Any]) -> dict[str, Any]:
    """`tenant`, and `after` a sequence number."""
    return review.export(UUID(args["tenant"]), after=int(args.get("after") or 0))


def _rotate_keys(_args: dict[str, Any]) -> dict[str, Any]:
    return rotation.rotate_signing_key().model_dump()


def _rotate_encryption(_args: dict[str, Any]) -> dict[str, Any]:
    return {"current": rotation.rotate_encryption_key()}


def _reseal_tokens(_args: dict[str, Any]) -> dict[str, Any]:
    return {"resealed": sum(map(reseal, every_tenant()))}


def _erase_tenant(args: dict[str, Any]) -> dict[str, Any]:
    """`tenant`, which must be CANCELLED; `with_sub_tenants` erases a partner's with it, whose receipts are `sub_tenants`."""
    receipts = erasure.erase(UUID(args["tenant"]), unmake_silo, with_sub_tenants=bool(args.get("with_sub_tenants")))
    *below, own = (receipt.model_dump(mode="json") for receipt in receipts)
    return own | ({"sub_tenants": below} if below else {})


def _replay_erasures(_args: dict[str, Any]) -> dict[str, Any]:
    return {"receipts": [receipt.model_dump(mode="json") for receipt in erasure.replay(unmake_silo)]}


def _tenant(work: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
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


VERBS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "migrate": _migrate,
    "init-keys": _init_keys,
    "create-platform-user": _create_platform_user,
    "audit": _audit,
    "audit-verify": _audit_verify,
    "audit-export": _audit_export,
    "rotate-keys": _rotate_keys,
    "rotate-encryption-key": _rotate_encryption,
    "reseal-tokens": _reseal_tokens,
    "erase-tenant": _erase_tenant,
    "replay-erasures": _replay_erasures,
    "tenant-create": _tenant(desk.create),
    "tenant-list": _tenant(desk.listed),
    "tenant-show": _tenant(desk.show),
    "tenant-move": _tenant(desk.move),
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Runs one verb; raises ValueError that lists the verbs for one that is not there."""
    begin_log(getattr(context, "aws_request_id", ""))
    verb = event.get("verb")
    if verb not in VERBS:
        raise ValueError(f"There is no verb {verb!r}. Choose one of: {', '.join(sorted(VERBS))}.")
    result = VERBS[verb](event.get("args") or {})
    logger.info("operation done", extra={"verb": verb})
    return result
