"""How much longer others wait while one tenant has 50,000 jobs waiting, in the model of tests/fairness.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from painelml.core.lanes import Lane
from tests.bench.result import Result
from tests.fairness import ROOMY, compared
from tests.platform import everything, tell

READS, PAGES = 40_000, 10_000


def run() -> Iterator[Result]:
    with TemporaryDirectory() as folder, everything(Path(folder)):
        tell(PAINEL_TENANT_IN_FLIGHT=str(ROOMY.in_flight))
        with redirect_stdout(StringIO()):  # the handler's metrics
            alone, beside = compared(ROOMY, reads=READS, pages=PAGES)
    for lane in Lane:
        yield Result(
            name=f"fairness.{lane}",
            what=f"95th percentile of twenty tenants' {lane} jobs beside one with {READS + PAGES:,} jobs, against without it",
            value=round(beside.p95[lane], 2),
            unit="s",
            baseline=round(alone.p95[lane], 2),
            ratio=round(alone.p95[lane] / beside.p95[lane], 2),
            goal="less than twice as long",
            holds=beside.p95[lane] < 2 * alone.p95[lane],
        )
