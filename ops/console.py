"""What people see: steps while it works, one table at the end, and errors that say what to do. JSON for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from ops.errors import OperationError

_WIDEST = 1000


class Report:
    """Prints for people, or stays silent and prints one JSON document at the end (`--json`)."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._out = Console(quiet=as_json, highlight=False, soft_wrap=True)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)
        self.steps: list[dict[str, Any]] = []

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Show `doing` with a spinner while the block runs, and its time when it is done."""
        began = time.monotonic()
        with self._out.status(f"{doing} …"):
            yield
        seconds = round(time.monotonic() - began, 2)
        self.steps.append({"step": doing, "seconds": seconds})
        self._out.print(f"  [green]✓[/] {doing} [dim]{seconds:.1f} s[/]")

    def say(self, text: str) -> None:
        """One line for people."""
        self._out.print(text)

    def table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """A two-column table as wide as it needs to be: an address that is cut or folded cannot be copied."""
        table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(no_wrap=True)
        for name, value in rows:
            table.add_row(name, value)
        wide = Console(quiet=self._as_json, highlight=False, width=_WIDEST)
        wide.width = Measurement.get(wide, wide.options, table).maximum
        wide.print(table)

    def result(self, document: Mapping[str, Any]) -> None:
        """The machine-readable answer, only with `--json`."""
        if self._as_json:
            print(json.dumps(document, indent=2, ensure_ascii=False))  # noqa: T201 - this is the command's output

    def failure(self, error: OperationError) -> None:
        """The error, for people on standard error, for programs on standard output."""
        if self._as_json:
            self.result({"error": {"what": error.what, "why": error.why, "do": error.do}})
            return
        self._errors.print(f"[bold red]✗[/] {error.what}", markup=True)
        for label, text in (("Why", error.why), ("What to do", error.do)):
            if text:
                self._errors.print(f"  [bold]{label}:[/] ", end="")
                self._errors.print(text, markup=False)
