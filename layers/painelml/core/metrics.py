"""Metrics in CloudWatch's embedded format: a line of the log that CloudWatch reads as a metric, so sending costs no call."""

from __future__ import annotations

import json
import sys
import time

NAMESPACE = "PainelML"


def count(name: str, amount: int = 1, **dimensions: str) -> None:
    """`amount` more of `name`. Dimensions are few and closed sets, never a tenant or a person: each value is its own metric."""
    document = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {"Namespace": NAMESPACE, "Dimensions": [sorted(dimensions)], "Metrics": [{"Name": name, "Unit": "Count"}]}
            ],
        },
        name: amount,
        **dimensions,
    }
    sys.stdout.write(json.dumps(document) + "\n")
