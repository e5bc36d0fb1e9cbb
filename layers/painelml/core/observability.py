"""Logs, made here and nowhere else. A line carries ids, never personal data, bodies or secrets."""

from __future__ import annotations

import traceback
from types import TracebackType

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from painelml.core.caller import Caller

MANDATORY = ("timestamp", "level", "message", "tenantId", "userId", "requestId")
NOBODY = "-"
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(LambdaPowertoolsFormatter):
    """JSON lines. Of an exception: where it came from and what it is. Its text only if the class is ours: those of the database
    and of parsers repeat the values that they were given."""

    def formatException(self, ei: ExceptionInfo) -> str:
        frames: list[str] = []
        error = ei[1]
        while error is not None:
            frames = [*traceback.format_tb(error.__traceback__), told(error), *(["caused:"] if frames else []), *frames]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(frame.rstrip() for frame in frames)


def told(error: BaseException) -> str:
    """What a log may say of an exception."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if type(error).__module__.startswith("painelml."):
        return f"{kind}: {error}"
    code = getattr(error, "sqlstate", None)
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    return " ".join(str(part) for part in (kind, code, constraint) if part)


logger = Logger(
    service="painelml",
    logger_formatter=Formatter(log_record_order=list(MANDATORY), utc=True, use_rfc3339=True, serialize_stacktrace=False),
)


def begin_log(request_id: str, caller: Caller | None = None) -> None:
    """Starts an invocation's lines afresh: nothing of the last caller stays on a warm function."""
    logger.set_correlation_id(None)
    logger.thread_safe_clear_keys()
    logger.append_keys(
        requestId=request_id,
        tenantId=str(caller.tenant_id) if caller else NOBODY,
        userId=str(caller.user_id) if caller else NOBODY,
    )


def log_tenant(tenant_id: object) -> None:
    """Names the tenant that this thread's next lines are about."""
    logger.thread_safe_append_keys(tenantId=str(tenant_id))
