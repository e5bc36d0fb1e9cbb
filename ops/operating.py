"""`painel keys`, `painel audit`, `painel tenant`: the verbs of `operations`, here and on AWS, asked for in words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ops import endpoints, tenants
from ops.aws import LocalAws
from ops.console import Report
from ops.errors import OperationError
from ops.home import Home

Operate = Callable[..., Any]
Env = Annotated[str, typer.Option("--env", help="local, or an environment on AWS (with your AWS credentials).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Tenant = Annotated[str | None, typer.Option("--tenant", help="The tenant's id; all tenants without it.")]

keys = typer.Typer(no_args_is_help=True, help="Signing and encryption keys.")
audit = typer.Typer(no_args_is_help=True, help="The audit log.")


@keys.command()
def rotate(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the rotation is over (about 35 minutes).")] = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Replace the signing key without logging anyone out: takes the step that is due. Run it again, or --wait, for the next."""
    with _asked(env, json) as (report, operate):
        done = operate("rotate-keys")
        while wait and done["next_at"]:
            report.say(f"  {done['step']}; the next step is due at {done['next_at']}")
            time.sleep(max(1.0, (datetime.fromisoformat(done["next_at"]) - datetime.now(UTC)).total_seconds() + 1))
            done = operate("rotate-keys")
        _keep_keys(env)
        later = f"The next step is due at {done['next_at']}: run this again." if done["next_at"] else "The rotation is over."
        report.say(f"{done['step'].capitalize()}: {done['current']} signs, {len(done['published'])} published. {later}")
        report.result(done)


@keys.command()
def reseal(
    *,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make a new encryption key first; the old ones are kept.")] = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Seal sellers' tokens anew with the current encryption key."""
    with _asked(env, json) as (report, operate):
        told = operate("rotate-encryption-key") if new_key else {}
        _keep_keys(env)
        told |= operate("reseal-tokens")
        report.say(f"{told['resealed']} pairs of tokens are sealed with the current key.")
        report.result(told)


@audit.command()
def verify(*, tenant: Tenant = None, env: Env = "local", json: Json = False) -> None:
    """Recompute the hash chains and compare them with their anchors. Exit code 1 if one does not hold."""
    with _asked(env, json) as (report, operate):
        found = operate("audit-verify", **({"tenant": _id(tenant)} if tenant else {}))
        for fault in found["faults"]:
            report.say(f"  [red]✗[/] {fault['tenant_id']}: {fault['fault']}")
        report.say(f"{found['entries']} entries in {found['chains']} chains: {'all hold' if found['holds'] else 'NOT sound'}.")
        report.result(found)
        if not found["holds"]:
            raise typer.Exit(1)


@audit.command(name="export")
def export_log(
    *,
    tenant: Annotated[str, typer.Option("--tenant", help="The tenant's id.")],
    to: Annotated[Path, typer.Option("--to", help="The file of JSON Lines to write; it must not exist.")],
    env: Env = "local",
    json: Json = False,
) -> None:
    """Write a tenant's chain as JSON Lines, which anyone can check with SHA-256 alone."""
    with _asked(env, json) as (report, operate):
        wanted, after, written = _id(tenant), 0, 0
        try:
            with to.open("x", encoding="utf-8") as file:
                while after is not None:
                    part = operate("audit-export", tenant=wanted, after=after)
                    file.writelines(f"{line}\n" for line in part["lines"])
                    after, written = part["next"], written + len(part["lines"])
        except OSError as error:
            raise OperationError(f"{to} could not be written.", why=str(error), do="Name another file with --to.") from error
        report.say(f"{written} entries are in {to}.")
        report.result({"path": str(to), "entries": written})


@tenants.app.command()
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
    with _asked(env, json) as (report, operate):
        wanted = _id(tenant_id)
        if not yes:
            raise OperationError("Nothing was erased.", why="An erasure cannot be undone.", do="Add --yes if you mean it.")
        receipt = operate("erase-tenant", tenant=wanted, with_sub_tenants=with_sub_tenants)
        for below in receipt.get("sub_tenants", []):
            report.say(f"Sub-tenant {below['tenant_id']}: {sum(below['rows'].values())} rows. Receipt {below['sha256']}.")
        report.table("Erased", [(name, str(count)) for name, count in sorted(receipt["rows"].items()) if count])
        report.say(f"{receipt['objects']} objects, {receipt['cache_keys']} cache keys. Receipt {receipt['sha256']}.")
        report.result(receipt)


@tenants.app.command(name="replay-erasures")
def replay(*, env: Env = "local", json: Json = False) -> None:
    """After a restore: erase again whoever was erased since the copy was made."""
    with _asked(env, json) as (report, operate):
        told = operate("replay-erasures")
        report.say(f"{len(told['receipts'])} tombstones replayed.")
        report.result(told)


@contextmanager
def _asked(env: str, as_json: bool) -> Iterator[tuple[Report, Operate]]:
    report = Report(as_json=as_json)
    try:
        if env == "local":
            endpoints.load(Home.default())  # says so where nothing has been started
        yield report, LocalAws(Home.default()).operate if env == "local" else _on_aws(env)
    except OperationError as error:
        report.failure(error)
        raise typer.Exit(1) from None


def _on_aws(env: str) -> Operate:
    def operate(verb: str, **args: Any) -> Any:
        patient = Config(read_timeout=900, retries={"total_max_attempts": 1})
        try:
            answer = boto3.client("lambda", config=patient).invoke(
                FunctionName=f"painelml-{env}-operations", Payload=json.dumps({"verb": verb, "args": args}).encode()
            )
        except (BotoCoreError, ClientError) as error:
            raise OperationError(
                f"The operations function of {env} could not be asked to {verb}.",
                why=str(error),
                do="Sign in to its AWS account (AWS_PROFILE, AWS_REGION), and check the name of the environment.",
            ) from error
        told = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            why = str(told.get("errorMessage", told))
            raise OperationError(f"{verb} was refused or failed.", why=why, do="Put right what it names, then run this again.")
        return told

    return operate


def _keep_keys(env: str) -> None:
    """On a laptop the keys are remembered beside the emulator, which forgets them when it is killed."""
    if env == "local":
        from ops.local import KEYS, PREFIX

        home = Home.default()
        aws = LocalAws(home)
        home.remember("keys", **{purpose: aws.secret(f"{PREFIX}/{purpose}")[purpose] for purpose in KEYS})


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise OperationError(
            f"{text!r} is not a tenant's id.", do="Give the id as GET /admin/tenants lists it, such as 01940000-0000-7000-…"
        ) from None
