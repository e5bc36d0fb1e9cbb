"""The `painel` command. Every command takes `--json`; every failure says what happened, why, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from requests import RequestException

from ops import dlq, endpoints, local, openapi, operating, sim, smoke, status, tenants, traceability, webhooks
from ops.console import Report
from ops.errors import EXIT_CODES, OperationError
from ops.home import Home
from ops.isolation import command as isolation
from ops.processes import running
from ops.seller import SellerFailure

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Runs PainelML.", epilog=EXIT_CODES
)
app.add_typer(isolation.app, name="isolation")

app.add_typer(operating.keys, name="keys")
app.add_typer(operating.audit, name="audit")
app.add_typer(tenants.app, name="tenant")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(dlq.app, name="dlq")
app.add_typer(sim.app, name="sim")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


@app.callback()
def _painel() -> None:
    """Runs PainelML: locally, and against any environment."""


@app.command()
def up(
    *,
    auth: Annotated[bool, typer.Option("--auth", help="Functions get their own roles' rights, and no more.")] = False,
    demo: Annotated[bool, typer.Option(help="Load the demo tenant.")] = True,
    new_ports: Annotated[bool, typer.Option("--new-ports", help="Choose other ports for what is not running.")] = False,
    json: Json = False,
) -> None:
    """Start everything on this machine. Run again, it starts and deploys only what is missing; data is kept."""
    report = Report(as_json=json)
    home = Home.default()
    with _explained(report), home.locked():
        if new_ports:
            stopped = [part for part in home.section("ports") if running(home, part.removesuffix("-bus")) is None]
            home.forget("ports", *stopped)
        found = local.up(home, report, local.Options(auth=auth, with_demo=demo))
        report.table("PainelML is running", _rows(found))
        report.say(f"All of it is in [bold]{home.endpoints}[/]. `painel smoke` walks through it; `make down` stops it.")
        report.result({**found.as_json(), "steps": report.steps})


@app.command()
def down(*, json: Json = False) -> None:
    """Stop what `up` started, and nothing else. Data is kept."""
    report = Report(as_json=json)
    home = Home.default()
    with _explained(report), home.locked():
        with report.step("Stopping"):
            stopped = local.down(home)
        report.say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
        report.result({"stopped": stopped})


@app.command(name="status")
def show_status(*, json: Json = False) -> None:
    """Every address, and the health of each part. Exit code 1 if one is not healthy."""
    report = Report(as_json=json)
    home = Home.default()
    with _explained(report):
        found = endpoints.load(home)
        parts = status.of_parts(home, found)
        report.table("Addresses", _rows(found))
        report.table(
            "Health",
            [(part.part, "[green]healthy[/]" if part.healthy else f"[red]dead[/] {part.do}") for part in parts],
        )
        report.result({**found.as_json(), "health": [part.as_json() for part in parts]})
        if not all(part.healthy for part in parts):
            raise typer.Exit(1)


@app.command(name="smoke")
def walk(
    *,
    env: Annotated[str, typer.Option("--env", help="local, or an environment on AWS (with your AWS credentials).")] = "local",
    json: Json = False,
) -> None:
    """Walk the main job as a new seller does: sign up, connect, synchronise, receive an order. Exit code 1 if it breaks."""
    report = Report(as_json=json)
    steps: list[dict[str, str | float]] = []

    def heard(name: str, seconds: float, outcome: str) -> None:
        steps.append({"step": name, "seconds": round(seconds, 3), "outcome": outcome})
        report.say(f"  [green]✓[/] {name} [dim]{seconds:.2f} s[/]  {outcome}")

    with _explained(report):
        found = endpoints.load(Home.default()).as_json() if env == "local" else endpoints.on_aws(env)
        try:
            smoke.Walk(found, heard).run()
        except (SellerFailure, RequestException) as error:
            raise OperationError(
                f"The walk stopped after {len(steps)} steps.", why=str(error), do="See `painel status`."
            ) from error
        report.result({"holds": True, "steps": steps})


@app.command(name="openapi")
def write_openapi(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit code 1 if it differs.")] = False,
    json: Json = False,
) -> None:
    """Write docs/api/openapi.json from the handlers."""
    _generated(Report(as_json=json), "docs/api/openapi.json", check, openapi.is_current, openapi.write)


@app.command(name="traceability")
def write_traceability(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit code 1 if it differs.")] = False,
    json: Json = False,
) -> None:
    """Write docs/traceability.md from the tests' requirement markers."""
    home = Home.default()
    home.create()
    _generated(
        Report(as_json=json),
        "docs/traceability.md",
        check,
        traceability.is_current,
        lambda: traceability.write(home.folder),
    )


def main() -> None:
    """The entry point of the `painel` command."""
    app()


@contextmanager
def _explained(report: Report) -> Iterator[None]:
    """Turn an OperationError into an explanation and exit code 1."""
    try:
        yield
    except OperationError as error:
        report.failure(error)
        sys.exit(1)


def _generated(report: Report, path: str, check: bool, is_current: Callable[[], bool], write: Callable[[], None]) -> None:
    """Write a generated document, or with `check` only say whether the committed one is what would be written."""
    current = is_current()
    if not check:
        write()
    with _explained(report):
        if check and not current:
            raise OperationError(f"{path} is out of date.", do=f"Run `make {Path(path).stem}` and commit the result.")
    report.say(f"{path} {'was' if current else 'is now'} up to date.")
    report.result({"path": path, "changed": not current})


def _rows(found: endpoints.Endpoints) -> list[tuple[str, str]]:
    """The table of addresses, the ones that people open first."""
    rows = [
        ("Panel", found.web_url),
        ("API page", found.docs_url),
        ("API", found.api_url),
        ("Mercado Livre (simulator)", found.simulator_url),
        *((f"Webhook {source}", url) for source, url in found.webhook_urls.items()),
        ("Letters that were sent", f"{found.aws_endpoint_url}/_ministack/ses/messages"),
        ("Emulator of AWS", found.aws_endpoint_url),
        ("PostgreSQL (role app)", found.database_url),
        ("Valkey", found.cache_url),
    ]
    if found.demo:
        rows.append(("Demo login", f"{found.demo['email']}  {found.demo['password']}"))
    return [(name, value) for name, value in rows if value]
