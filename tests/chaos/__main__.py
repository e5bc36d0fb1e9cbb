"""`make chaos`: storms and kills against the running system; prints a report, and writes chaos.json into the data folder.

`--short` is what runs with the tests: a smaller storm, on servers and workers of its own, nothing deployed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.chaos import scenarios
from tests.chaos.scenarios import Form, Outcome, as_row
from tests.chaos.site import Site
from tests.chaos.storm import Weather

FOLDER = Path(os.environ.get("PAINEL_HOME", ".painel"))
SHORT = Form(
    name="short",
    tenants=5,
    accounts=50,
    storm=Weather(orders=16, changes=4, seconds=15),
    kills=("worker", "postgres", "worker", "valkey"),
    second_storm=Weather(orders=4, changes=0, seconds=4, drop=0, retry_scale=0.005),
    patience=300,
)
LONG = Form(
    name="long",
    tenants=5,
    accounts=50,
    storm=Weather(orders=110, changes=30, seconds=240, noop=0.5),
    kills=("worker", "postgres", "worker", "valkey", "worker", "postgres") * 2,
    second_storm=Weather(orders=20, changes=0, seconds=20, drop=0, retry_scale=0.005),
    patience=1800,
)


def main() -> int:
    """0 where nothing was lost, applied twice or misplaced; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the form that runs with the tests")
    parser.add_argument("--output", type=Path, default=FOLDER / "chaos.json", help="where the report is written")
    options = parser.parse_args()
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "ERROR")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped on every way out
    form = SHORT if options.short else LONG
    with _site(form) as site:
        report = _run(site, form)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _show(report)
    return 0 if report["holds"] else 1


@contextmanager
def _site(form: Form) -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="painel-chaos-") as folder:
        if form.name == "short":
            from tests.chaos.small import Small

            with Small.running(Path(folder) / "home") as small:
                yield small
        else:
            from tests.chaos.deployed import Deployed

            with Deployed.running(Path(folder) / "home") as deployed:
                yield deployed


def _run(site: Site, form: Form) -> dict[str, Any]:
    started = time.monotonic()
    accounts = scenarios.open_accounts(site, form)
    opened = time.monotonic()
    outcomes = [scenarios.storm_with_kills(site, accounts, form), scenarios.death_of_the_queues(site, accounts, form)]
    mutant = scenarios.without_the_inbox_key(site, accounts, form) if form is SHORT else None
    return {
        "form": form.name,
        "holds": all(outcome.holds for outcome in outcomes) and mutant != [],
        "tenants": form.tenants,
        "accounts": len(accounts),
        **_sums(outcomes),
        "mutant_applied_twice": None if mutant is None else len(mutant),
        "opening_seconds": round(opened - started, 1),
        "seconds": round(time.monotonic() - started, 1),
        "scenarios": [as_row(outcome) for outcome in outcomes],
        "machine": f"{os.cpu_count()} cores, {round(psutil.virtual_memory().total / 2**30)} GB, "
        f"{platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}",
    }


def _sums(outcomes: list[Outcome]) -> dict[str, Any]:
    kills: Counter[str] = Counter()
    repaired: Counter[str] = Counter()
    for outcome in outcomes:
        kills.update(outcome.kills)
        repaired.update(outcome.repaired)
    counts = ("sent", "attempts", "acknowledged", "dropped")
    lists = ("lost", "applied_twice", "foreign")
    return {
        **{name: sum(getattr(outcome, name) for outcome in outcomes) for name in counts},
        "kills": sum(kills.values()),
        "kills_by_part": dict(kills),
        **{name: sum(len(getattr(outcome, name)) for outcome in outcomes) for name in lists},
        "repaired": dict(repaired),
    }


def _show(report: dict[str, Any]) -> None:
    table = Table(title=f"Chaos, {report['form']} form: {report['accounts']} accounts of {report['tenants']} tenants")
    table.add_column("")
    for scenario in report["scenarios"]:
        table.add_column(scenario["scenario"], justify="right")
    for name in report["scenarios"][0]:
        if name not in ("scenario", "repaired"):
            table.add_row(name, *(str(scenario.get(name, "")) for scenario in report["scenarios"]))
    for way in report["scenarios"][0]["repaired"]:
        table.add_row(f"repaired by {way}", *(str(scenario["repaired"][way]) for scenario in report["scenarios"]))
    console = Console(width=130)
    console.print(table)
    verdict = "[green]holds[/]" if report["holds"] else "[red]does not hold[/]"
    console.print(f"0 lost, 0 applied twice, 0 foreign: {verdict}. {report['seconds']} s on {report['machine']}.")


if __name__ == "__main__":
    sys.exit(main())
