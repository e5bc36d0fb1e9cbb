"""What only the operator does: `{"verb": "migrate", "args": {…}}` → the verb's result. The verbs are in verbs.py."""

from __future__ import annotations

from typing import Any

from lambdas.operations.verbs import VERBS
from painelml.audit import review
from painelml.core.observability import begin_log, logger


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Runs one verb; raises ValueError that lists the verbs for one that is not there."""
    begin_log(getattr(context, "aws_request_id", ""))
    verb = event.get("verb")
    if verb not in VERBS:
        raise ValueError(f"There is no verb {verb!r}. Choose one of: {', '.join(sorted(VERBS))}.")
    result = VERBS[verb](event.get("args") or {})
    review.write_down(verb, event.get("args") or {}, result)
    logger.info("operation done", extra={"verb": verb})
    return result
