"""Metrics in CloudWatch's embedded format: a line of the log that CloudWatch reads as a metric, so sending costs no call."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping

from painelml.core.config import config


def count(name: str, amount: int = 1, **dimensions: str) -> None:
    """`amount` more of `name`, in the namespace of this environment, such as `PainelML/prod`.

    Dimensions are few and closed sets, never a tenant or a person: each value is a metric of its own.
    """
    _write(name, amount, {}, dimensions)


def measure(name: str, value: int, *, about: Mapping[str, str]) -> None:
    """`value` of `name`. `about` stands beside it in the line, for searches of the log, and makes no metric of its own."""
    _write(name, value, about, {})


def _write(name: str, value: int, about: Mapping[str, str], dimensions: Mapping[str, str]) -> None:
    document = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": f"PainelML/{config().env}",
                    "Dimensions": [sorted(dimensions)],
                    "Metrics": [{"Name": name, "Unit": "Count"}],
                }
            ],
        },
        name: value,
        **about,
        **dimensions,
    }
    sys.stdout.write(json.dumps(document) + "\n")
