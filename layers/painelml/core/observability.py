"""Logs and metrics, made here and nowhere else. A line carries ids, never personal data, bodies or secrets."""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from painelml.core.caller import Caller

MANDATORY = ("timestamp", "level", "message", "tenantId", "userId", "requestId")
NOBODY = "-"

logger = Logger(
    service="painelml",
    serialize_stacktrace=False,
    logger_formatter=LambdaPowertoolsFormatter(log_record_order=list(MANDATORY), utc=True, use_rfc3339=True),
)


def begin_log(request_id: str, caller: Caller | None = None) -> None:
    """Starts an invocation's lines afresh: nothing of the last caller stays on a warm function."""
    logger.set_correlation_id(None)
    logger.append_keys(
        requestId=request_id,
        tenantId=str(caller.tenant_id) if caller else NOBODY,
        userId=str(caller.user_id) if caller else NOBODY,
    )


def log_tenant(tenant_id: object) -> None:
    """Names the tenant that a worker's next lines are about."""
    logger.append_keys(tenantId=str(tenant_id))
