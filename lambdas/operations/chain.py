"""The audit log's chain: verified, and handed out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from painelml.audit import review
from painelml.tenancy.registry import every_tenant


def verify(args: dict[str, Any]) -> dict[str, Any]:
    """`tenant` verifies that tenant's chain alone."""
    return review.verify_one(UUID(args["tenant"])) if args.get("tenant") else review.verify_all(every_tenant())


def export(args: dict[str, Any]) -> dict[str, Any]:
    """`tenant`, and `after` a sequence number."""
    return review.export(UUID(args["tenant"]), after=int(args.get("after") or 0))
