"""Metrics in CloudWatch's embedded format: a line of the log that CloudWatch reads as a metric, so sending costs no call."""

from __future__ import annotations

import json
import sys
import time

from painelml.core.config import config


def count(name: str, amount: int = 1, **dimensions: str) -> None:
    """`amount` more of `name`, in the namespace of this environment, such as `PainelML/prod`.

    Dimensions are few and closed sets, never a tenant or a person: each value is a metric of its own.
    """
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
        name: amount,
        **dimensions,
    }
    sys.stdout.write(json.dumps(document) + "\n")
