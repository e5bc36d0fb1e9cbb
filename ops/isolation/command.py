"""`painel isolation report`: runs the proof, writes isolation.json and isolation.html; exit code 1 on any violation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from psycopg import OperationalError
from requests import RequestException
from rich.markup import escape

from ops import endpoints
from ops.console import Report
from ops.errors import EXIT_CODES, OperationError
from ops.home import Home, write_json
from ops.isolation import page
from ops.isolation.proof import Proof, prove
from ops.seller import SellerFailure

app = typer.Typer(no_args_is_help=True, help="Whether tenants are kept apart, checked rather than believed.", epilog=EXIT_CODES)


@app.callback()
def _isolation() -> None:
    """Whether tenants are kept apart, checked rather than believed."""


@app.command(name="report")
def report(
    *,
    short: Annotated[
        bool, typer.Option("--short", help="5,000 transactions and four attacks in brief, instead of 100,000 and six.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Attack the running local system as another tenant would, plant faults in a scratch database, and write a report."""
    said = Report(as_json=json)
    home = Home.default()
    try:
        told = write(home, _proven(home, said, short=short))
    except OperationError as error:
        said.failure(error)
        raise typer.Exit(1) from None
    said.table("Isolation holds" if told["holds"] else "Isolation is broken", _rows(told))
    for problem in told["problems"]:
        said.say(f"  [red]✗[/] {escape(problem)}")
    said.say(f"The page: [bold]{home.folder / 'isolation.html'}[/]")
    said.result(told)
    if not told["holds"]:
        raise typer.Exit(1)


def write(home: Home, proof: Proof) -> dict[str, Any]:
    """Writes both files and returns what isolation.json says."""
    told = {**proof.as_json(), "made_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")}
    write_json(home.folder / "isolation.json", told)
    (home.folder / "isolation.html").write_text(page.render(told), encoding="utf-8")
    return told


def _proven(home: Home, said: Report, *, short: bool) -> Proof:
    endpoints.load(home)  # says so where nothing has been started
    try:
        return prove(home, short=short, step=said.step)
    except (SellerFailure, RequestException, OperationalError) as error:
        raise OperationError("The proof did not come to its end.", why=str(error), do="See `painel status`.") from error


def _rows(told: dict[str, Any]) -> list[tuple[str, str]]:
    searched = ", ".join(f"{count:,} × {name}" for name, count in told["searched"].items())
    pins = told["pinning_statements"]
    return [
        ("Routes, probes", f"{told['routes']}, {told['probes']:,}"),
        ("Foreign bytes", f"{told['foreign_bytes']} in {searched}"),
        ("Tokens refused", str(told["tokens_refused"])),
        ("Interleaved transactions", f"{told['interleaved_transactions']:,} ({told['interleaved_per_second']:,}/s)"),
        ("Violations", str(told["violations"])),
        ("Mutants caught", f"{told['mutants_caught']} of {told['mutants']}, over {told['tenant_tables']} tenant tables"),
        ("Audit", f"{told['audit_findings']} findings, {told['audit_checks']} checks"),
        ("Pinning statements", "not measured on this commit: make isolation" if pins is None else str(pins)),
    ]
