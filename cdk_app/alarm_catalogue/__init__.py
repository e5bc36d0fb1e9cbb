"""The rows of the alarm catalogue, by what is watched. Economy pays for at most 20 (tests/infra holds it to that)."""

from __future__ import annotations

from cdk_app.alarm_catalogue.stores import WatchedDatabase, cache_rows, database_rows, nat_instance_rows, throttle_rows
from cdk_app.alarm_catalogue.traffic import api_rows, function_rows, queue_rows, topic_rows

__all__ = [
    "WatchedDatabase",
    "api_rows",
    "cache_rows",
    "database_rows",
    "function_rows",
    "nat_instance_rows",
    "queue_rows",
    "throttle_rows",
    "topic_rows",
]
