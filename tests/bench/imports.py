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
# VmHWM, not getrusage: the kernel hands a child the peak of the process that forked it.
PROBE = """
import time
started = time.perf_counter()
import {module}
seconds = time.perf_counter() - started
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, peak)
"""


def run() -> Iterator[Result]:
    for folder in sorted(path.parent for path in (ROOT / "lambdas").glob("*/handler.py")):
        baseline_ms, ms, mib = _measured(f"lambdas.{folder.name}.handler")
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


def _measured(module: str) -> tuple[float, float, float]:
    """The best of some fresh interpreters, boto3 and `module` by turns: both in milliseconds, and the module's MiB."""
    turns = [(_imported("boto3"), _imported(module)) for _ in range(TIMES)]
    return min(boto3[0] for boto3, _ in turns), min(ours[0] for _, ours in turns), min(ours[1] for _, ours in turns)


def _imported(module: str) -> tuple[float, float]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers'}", "PAINEL_ENV": "local"}
    probe = [sys.executable, "-c", PROBE.format(module=module)]
    printed = subprocess.run(probe, env=environment, check=True, capture_output=True, text=True).stdout.split()
    return float(printed[0]) * 1000, float(printed[1]) / 1024
