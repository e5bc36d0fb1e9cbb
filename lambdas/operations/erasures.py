"""The end of a tenant's data, and its repetition after a restore."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from painelml.privacy import erasure


def erase_tenant(args: dict[str, Any]) -> dict[str, Any]:
    """`tenant`, which must be CANCELLED."""
    return erasure.erase(UUID(args["tenant"])).model_dump(mode="json")


def replay_erasures(_args: dict[str, Any]) -> dict[str, Any]:
    return {"receipts": [receipt.model_dump(mode="json") for receipt in erasure.replay()]}
