"""What a cold start pays: each handler's import time against a bare `import boto3`, and the memory it peaks at."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.result import Result

ROOT = Path(__file__).resolve().parents[2]
TIMES = 5
PROBE = """
import resource, time
started = time.perf_counter()
import {module}
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def run() -> Iterator[Result]:
    baseline_ms, _ = _measured("boto3")
    for folder in sorted(path.parent for path in (ROOT / "lambdas").glob("*/handler.py")):
        ms, mib = _measured(f"lambdas.{folder.name}.handler")
        yield Result(
            name=f"import.{folder.name}",
            what="import time against a bare `import boto3`",
            value=round(ms, 1),
            unit="ms",
            baseline=round(baseline_ms, 1),
            ratio=round(baseline_ms / ms, 2),
            goal="at most twice the import of boto3 (ratio ≥ 0.5)",
            holds=ms <= 2 * baseline_ms,
        )
        yield Result(name=f"memory.{folder.name}", what="peak memory after import", value=round(mib, 1), unit="MiB")


def _measured(module: str) -> tuple[float, float]:
    """The best of some fresh interpreters: milliseconds and MiB."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers'}", "PAINEL_ENV": "local"}
    runs = []
    for _ in range(TIMES):
        probe = [sys.executable, "-c", PROBE.format(module=module)]
        printed = subprocess.run(probe, env=environment, check=True, capture_output=True, text=True).stdout.split()
        runs.append((float(printed[0]) * 1000, float(printed[1]) / 1024))
    return min(runs)
