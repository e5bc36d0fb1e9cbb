"""`painel keys` and `painel audit`: the verbs of `operations`, here and on AWS, asked for in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from ops import tenants
from ops.asking import Env, Json, asked
from ops.aws import LocalAws
from ops.errors import EXIT_CODES, OperationError
from ops.home import Home

Tenant = Annotated[str | None, typer.Option("--tenant", help="The tenant's id; all tenants without it.")]

keys = typer.Typer(no_args_is_help=True, help="Signing and encryption keys.", epilog=EXIT_CODES)
audit = typer.Typer(no_args_is_help=True, help="The audit log.", epilog=EXIT_CODES)


@keys.command()
def rotate(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the rotation is over (about 35 minutes).")] = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Replace the signing key without logging anyone out: takes the step that is due. Run it again, or --wait, for the next."""
    with asked(env, json) as (report, operate):
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
    with asked(env, json) as (report, operate):
        told = operate("rotate-encryption-key") if new_key else {}
        _keep_keys(env)
        told |= operate("reseal-tokens")
        report.say(f"{told['resealed']} pairs of tokens are sealed with the current key.")
        report.result(told)


@audit.command()
def verify(*, tenant: Tenant = None, env: Env = "local", json: Json = False) -> None:
    """Recompute the hash chains and compare them with their anchors. Exit code 1 if one does not hold."""
    with asked(env, json) as (report, operate):
        found = operate("audit-verify", **({"tenant": tenants.read_id(tenant)} if tenant else {}))
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
    with asked(env, json) as (report, operate):
        wanted, after, written = tenants.read_id(tenant), 0, 0
        try:
            with written_whole(to) as file:
                while after is not None:
                    part = operate("audit-export", tenant=wanted, after=after)
                    file.writelines(f"{line}\n" for line in part["lines"])
                    after, written = part["next"], written + len(part["lines"])
        except OSError as error:
            raise OperationError(f"{to} could not be written.", why=str(error), do="Name another file with --to.") from error
        report.say(f"{written} entries are in {to}.")
        report.result({"path": str(to), "entries": written})


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A new file that is gone again where the block raises: half a chain would look like one that someone has cut."""
    with path.open("x", encoding="utf-8") as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


def _keep_keys(env: str) -> None:
    """On a laptop the keys are remembered beside the emulator, which forgets them when it is killed."""
    if env == "local":
        from ops.local import KEYS, PREFIX

        home = Home.default()
        aws = LocalAws(home)
        home.remember("keys", **{purpose: aws.secret(f"{PREFIX}/{purpose}")[purpose] for purpose in KEYS})
