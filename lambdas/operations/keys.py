"""Keys: made once, rotated, and what they seal sealed anew."""

from __future__ import annotations

from typing import Any

from painelml.identity import rotation
from painelml.identity.keys import fill_secrets
from painelml.marketplace.accounts.tokens import reseal
from painelml.tenancy.registry import every_tenant


def init_keys(_args: dict[str, Any]) -> dict[str, Any]:
    return dict(fill_secrets())


def rotate_keys(_args: dict[str, Any]) -> dict[str, Any]:
    return rotation.rotate_signing_key().model_dump()


def rotate_encryption_key(_args: dict[str, Any]) -> dict[str, Any]:
    return {"current": rotation.rotate_encryption_key()}


def reseal_tokens(_args: dict[str, Any]) -> dict[str, Any]:
    return {"resealed": sum(map(reseal, every_tenant()))}
