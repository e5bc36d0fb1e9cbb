"""Acting again on Mercado Livre's notifications."""

from __future__ import annotations

from typing import Any

from painelml.webhooks.models import ReplayRequest
from painelml.webhooks.replay import replay


def replay_notifications(args: dict[str, Any]) -> dict[str, Any]:
    """The conditions of a ReplayRequest."""
    return {**replay(ReplayRequest.model_validate(args))}
