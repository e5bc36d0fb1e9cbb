"""The end of a tenant's data, and its repetition after a restore."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from painelml.identity.silos import unmake_silo
from painelml.privacy import erasure


def erase_tenant(args: dict[str, Any]) -> dict[str, Any]:
    """`tenant`, which must be CANCELLED; `with_sub_tenants` erases a partner's with it, whose receipts are `sub_tenants`."""
    receipts = erasure.erase(UUID(args["tenant"]), unmake_silo, with_sub_tenants=bool(args.get("with_sub_tenants")))
    *below, own = (receipt.model_dump(mode="json") for receipt in receipts)
    return own | ({"sub_tenants": below} if below else {})


def replay_erasures(_args: dict[str, Any]) -> dict[str, Any]:
    return {"receipts": [receipt.model_dump(mode="json") for receipt in erasure.replay(unmake_silo)]}
