"""`painel tenant …`: tenants from the command line, through the operations function of the environment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import typer

from ops.aws import LocalAws
from ops.console import Report
from ops.errors import OperationError
from ops.home import Home

app = typer.Typer(no_args_is_help=True, help="Tenants: open, list, show, suspend, resume.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]
TenantId = Annotated[str, typer.Argument(help="The tenant's id, as `painel tenant list` shows it.")]


@app.command()
def create(
    *,
    name: Annotated[str, typer.Option(help="The company's name.")],
    email: Annotated[str, typer.Option(help="The company's address, and its first OWNER's.")],
    plan: Annotated[str, typer.Option(help="FREE, BASIC, PRO or ENTERPRISE.")] = "FREE",
    domain: Annotated[str | None, typer.Option(help="The host whose pages wear the tenant's brand.")] = None,
    tenant_id: Annotated[str | None, typer.Option("--id", help="Its id, so that repeating the command goes on.")] = None,
    max_accounts: Annotated[int | None, typer.Option(help="Mercado Livre accounts, if not the plan's number.")] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Open a tenant: owner, plan, storage, brand and, where the plan says so, a database of its own. Safe to run twice."""
    report = Report(as_json=json)
    with explained(report):
        wanted = {"id": read_id(tenant_id) if tenant_id else None, "domain": domain}
        args = {"name": name, "email": email, "plan": plan, "max_accounts": max_accounts, "dry_run": dry_run}
        answer = _ask("tenant-create", **args, **{key: value for key, value in wanted.items() if value})
        for warning in answer["warnings"]:
            report.say(f"[yellow]![/] {warning}")
        if dry_run:
            report.say(f"Would open tenant {answer['tenant_id']} on {answer['plan']} in the {answer['placement']}.")
        else:
            report.table("Tenant", _rows(answer["tenant"]))
            _say_how_it_went(report, answer)
            if "password" in answer:
                report.say(f"First password of {email}: [bold]{answer['password']}[/] (shown this once).")
        report.result(answer)


@app.command(name="list")
def list_tenants(*, json: Json = False) -> None:
    """All tenants: id, state, plan, placement, name."""
    report = Report(as_json=json)
    with explained(report):
        answer = _ask("tenant-list")
        shown = [
            (tenant["id"], f"{tenant['status']:<12} {tenant['plan']:<10} {tenant['placement'][:12]:<12} {tenant['name']}")
            for tenant in answer["tenants"]
        ]
        report.table("Tenants", shown)
        report.result(answer)


@app.command()
def show(tenant_id: TenantId, *, json: Json = False) -> None:
    """One tenant, and each step of its opening."""
    report = Report(as_json=json)
    with explained(report):
        answer = _ask("tenant-show", id=read_id(tenant_id))
        report.table("Tenant", _rows(answer["tenant"]))
        run = answer["provisioning"]
        if run:
            steps = [(step["step"], step["done_at"] or "to do") for step in run["steps"]]
            report.table(f"Opening: {run['status']}, tries: {run['attempts']}", steps)
        report.result(answer)


@app.command()
def suspend(tenant_id: TenantId, *, dry_run: DryRun = False, json: Json = False) -> None:
    """Close a tenant's doors: sessions end now, notifications are kept, nothing is deleted."""
    _move(tenant_id, "SUSPENDED", dry_run=dry_run, json=json)


@app.command()
def resume(tenant_id: TenantId, *, dry_run: DryRun = False, json: Json = False) -> None:
    """Open a suspended or cancelled tenant again."""
    _move(tenant_id, "ACTIVE", dry_run=dry_run, json=json)


@app.command()
def cancel(tenant_id: TenantId, *, dry_run: DryRun = False, json: Json = False) -> None:
    """End a tenant: nobody enters any more, its rows stay until `painel tenant erase`. A partner's sub-tenants go first."""
    _move(tenant_id, "CANCELLED", dry_run=dry_run, json=json)


@contextmanager
def explained(report: Report) -> Iterator[None]:
    """An OperationError as an explanation and exit code 1."""
    try:
        yield
    except OperationError as error:
        report.failure(error)
        sys.exit(1)


def read_id(text: str) -> str:
    """A tenant id in its one spelling; raises OperationError."""
    try:
        return str(UUID(text))
    except ValueError:
        raise OperationError(
            f"{text!r} is no tenant id.", why="An id is a UUID.", do="Copy it from `painel tenant list`. Nothing was changed."
        ) from None


def _say_how_it_went(report: Report, answer: dict[str, Any]) -> None:
    if answer["seconds"] is None:
        report.say("It is not open yet. `painel tenant show` lists what is left to do; the same command with --id goes on.")
    else:
        report.say(f"From sign-up to a working tenant: {answer['seconds']:.1f} s. Its people sign in at {answer['url']}.")
    tenant = answer["tenant"]
    if tenant["host"] and tenant["host_status"] != "active":
        report.say(f"{tenant['host']} is recorded, and {tenant['host_status']}: its pages are not served there yet.")


def _move(tenant_id: str, status: str, *, dry_run: bool, json: bool) -> None:
    report = Report(as_json=json)
    with explained(report):
        answer = _ask("tenant-move", id=read_id(tenant_id), status=status, dry_run=dry_run)
        verb = "Would move" if dry_run else "Moved"
        report.say(f"{verb} {answer['tenant_id']} from {answer['moved_from']} to {answer['status']}.")
        report.result(answer)


def _ask(verb: str, **args: Any) -> dict[str, Any]:
    """The verb's answer; raises OperationError with its refusal, in its own words."""
    answer: dict[str, Any] = LocalAws(Home.default()).operate(verb, **args)
    if "error" in answer:
        code, detail = answer["error"]["code"], answer["error"]["detail"]
        do = {
            "not_found": "See `painel tenant list`. Nothing was changed.",
            "database_unavailable": "See `painel status`, then `make up`. Nothing was changed.",
        }
        raise OperationError(
            f"{verb} was refused: {code}.", why=detail, do=do.get(code, "Correct it and run the command again.")
        )
    return answer


def _rows(tenant: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in tenant.items() if value is not None]
