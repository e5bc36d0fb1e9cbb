"""The platform's own people."""

from __future__ import annotations

from typing import Any

from painelml.core.migrate import owner_session
from painelml.identity import service
from painelml.identity.models import NewPlatformUser


def create_platform_user(args: dict[str, Any]) -> dict[str, Any]:
    """`email`, `name`, `password`, `platform_role` (MASTER, SUPPORT or PARTNER)."""
    with owner_session() as session:
        return {"id": str(service.create_platform_user(session, NewPlatformUser.model_validate(args)))}
