"""The function table as data: what starts each function, how big it is, and everything that it may reach.

One row per folder under lambdas/ (docs/architecture.md §2). Environment variables, permissions, routes, mappings and
schedules are all derived from these rows, so that a need which is not written here is a need that nobody is granted.
"""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.function_spec import FunctionSpec, QueueName
from cdk_app.function_table.identity import AUTHORIZER, IDENTITY
from cdk_app.function_table.marketplace import MARKETPLACE
from cdk_app.function_table.open_doors import OPEN_DOORS
from cdk_app.function_table.operations import OPERATIONS
from cdk_app.function_table.schedules import SCHEDULED
from cdk_app.function_table.tenancy import TENANCY
from cdk_app.function_table.workers import WORKERS

__all__ = [
    "API_FUNCTIONS",
    "AUTHORIZER",
    "OPERATIONS",
    "SCHEDULED",
    "WORKERS",
    "all_functions",
    "consumer_timeout_seconds",
]

API_FUNCTIONS = (*IDENTITY, *TENANCY, *MARKETPLACE, *OPEN_DOORS)


def all_functions() -> Iterator[FunctionSpec]:
    """Every row of the table, API first."""
    yield AUTHORIZER
    yield from API_FUNCTIONS
    yield from WORKERS
    yield from SCHEDULED
    yield OPERATIONS


def consumer_timeout_seconds(queue: QueueName) -> int:
    """The timeout of the function that reads `queue`: its visibility timeout is six times that."""
    return next(spec.timeout_seconds for spec in WORKERS if spec.batch and spec.batch.queue is queue)
