"""The schema: brought up to date, and looked over."""

from __future__ import annotations

from typing import Any

from painelml.core import migrate as migrations
from painelml.identity import desk
from painelml.identity.silos import migrate_all


def migrate(args: dict[str, Any]) -> dict[str, Any]:
    """`app_password` on a laptop; nothing on AWS, where app signs in by IAM. Raises RuntimeError for what the audit finds."""
    version = migrations.migrate(migrations.owner_url(), app_password=args.get("app_password"))
    if findings := migrations.audit():
        raise RuntimeError(f"The schema is at {version}, and breaks {len(findings)} isolation rules: {findings[:5]}.")
    desk.open_house()
    return {"version": version, "silos": migrate_all()}


def audit(_args: dict[str, Any]) -> dict[str, Any]:
    return {"findings": migrations.audit()}
