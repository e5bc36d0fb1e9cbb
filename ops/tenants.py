"""`painel tenant …`: tenants from the command line, through the operations function of the environment."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer

from ops.asking import DryRun, Env, Json, asked
from ops.console import Report
from ops.errors import EXIT_CODES, OperationError

app = typer.Typer(no_args_is_help=True, help="Tenants: open, list, show, suspend, resume, erase.", epilog=EXIT_CODES)

TenantId = Annotated[str, typer.Argument(help="The tenant's id, as `painel tenant list` shows it.")]


@app.command()
def create(
    *,
    name: Annotated[str, typer.Option(help="The company's name.")],
    email: Annotated[str, typer.Option(help="The company's address, and its first OWNER's.")],
    plan: Annotated[str, typer.Option(help="Its code in the catalogue: painel.pro, atendimento.white_label …")] = (
        "painel.free"
    ),
    domain: Annotated[str | None, typer.Option(help="The host whose pages wear the tenant's brand.")] = None,
    tenant_id: Annotated[str | None, typer.Option("--id", help="Its id, so that repeating the command goes on.")] = None,
    max_accounts: Annotated[int | None, typer.Option(help="Mercado Livre accounts, if not the plan's number.")] = None,
    dry_run: DryRun = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Open a tenant: owner, plan, storage, brand and, where the plan says so, a database of its own. Safe to run twice."""
    with asked(env, json) as (report, operate):
        wanted = {"id": read_id(tenant_id) if tenant_id else None, "domain": domain}
        args = {"name": name, "email": email, "plan": plan, "max_accounts": max_accounts, "dry_run": dry_run}
        answer = operate("tenant-create", **args, **{key: value for key, value in wanted.items() if value})
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
def list_tenants(*, env: Env = "local", json: Json = False) -> None:
    """All tenants: id, state, plans, placement, name."""
    with asked(env, json) as (report, operate):
        answer = operate("tenant-list")
        shown = [
            (tenant["id"], f"{tenant['status']:<12} {tenant['plans']:<24} {tenant['placement'][:12]:<12} {tenant['name']}")
            for tenant in answer["tenants"]
        ]
        report.table("Tenants", shown)
        report.result(answer)


@app.command()
def show(tenant_id: TenantId, *, env: Env = "local", json: Json = False) -> None:
    """One tenant, and each step of its opening."""
    with asked(env, json) as (report, operate):
        answer = operate("tenant-show", id=read_id(tenant_id))
        report.table("Tenant", _rows(answer["tenant"]))
        run = answer["provisioning"]
        if run:
            steps = [(step["step"], step["done_at"] or "to do") for step in run["steps"]]
            report.table(f"Opening: {run['status']}, tries: {run['attempts']}", steps)
        report.result(answer)


@app.command()
def suspend(tenant_id: TenantId, *, dry_run: DryRun = False, env: Env = "local", json: Json = False) -> None:
    """Close a tenant's doors: sessions end now, notifications are kept, nothing is deleted."""
    _move(tenant_id, "SUSPENDED", dry_run=dry_run, env=env, json=json)


@app.command()
def resume(tenant_id: TenantId, *, dry_run: DryRun = False, env: Env = "local", json: Json = False) -> None:
    """Open a suspended or cancelled tenant again."""
    _move(tenant_id, "ACTIVE", dry_run=dry_run, env=env, json=json)


@app.command()
def cancel(tenant_id: TenantId, *, dry_run: DryRun = False, env: Env = "local", json: Json = False) -> None:
    """End a tenant: nobody enters any more, its rows stay until `painel tenant erase`. A partner's sub-tenants go first."""
    _move(tenant_id, "CANCELLED", dry_run=dry_run, env=env, json=json)


@app.command()
def erase(
    *,
    tenant_id: Annotated[str, typer.Option("--id", help="The tenant's id. It must be CANCELLED.")],
    yes: Annotated[bool, typer.Option("--yes", help="I know that this cannot be undone.")] = False,
    with_sub_tenants: Annotated[
        bool, typer.Option("--with-sub-tenants", help="A partner's sub-tenants too. Each must be CANCELLED.")
    ] = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Erase all data of a cancelled tenant, a database of its own included, for good, and print the receipt."""
    with asked(env, json) as (report, operate):
        wanted = read_id(tenant_id)
        if not yes:
            raise OperationError("Nothing was erased.", why="An erasure cannot be undone.", do="Add --yes if you mean it.")
        receipt = operate("erase-tenant", tenant=wanted, with_sub_tenants=with_sub_tenants)
        for below in receipt.get("sub_tenants", []):
            report.say(f"Sub-tenant {below['tenant_id']}: {sum(below['rows'].values())} rows. Receipt {below['sha256']}.")
        report.table("Erased", [(name, str(count)) for name, count in sorted(receipt["rows"].items()) if count])
        report.say(f"{receipt['objects']} objects, {receipt['cache_keys']} cache keys. Receipt {receipt['sha256']}.")
        report.result(receipt)


@app.command(name="replay-erasures")
def replay(*, env: Env = "local", json: Json = False) -> None:
    """After a restore: erase again whoever was erased since the copy was made."""
    with asked(env, json) as (report, operate):
        told = operate("replay-erasures")
        report.say(f"{len(told['receipts'])} tombstones replayed.")
        report.result(told)


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


def _move(tenant_id: str, status: str, *, dry_run: bool, env: str, json: bool) -> None:
    with asked(env, json) as (report, operate):
        answer = operate("tenant-move", id=read_id(tenant_id), status=status, dry_run=dry_run)
        verb = "Would move" if dry_run else "Moved"
        report.say(f"{verb} {answer['tenant_id']} from {answer['moved_from']} to {answer['status']}.")
        report.result(answer)


def _rows(tenant: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in tenant.items() if value is not None]
