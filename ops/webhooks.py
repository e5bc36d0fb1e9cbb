"""`painel webhooks …`: acting again on Mercado Livre's notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from ops.asking import DryRun, Env, Json, asked
from ops.errors import EXIT_CODES, OperationError

app = typer.Typer(no_args_is_help=True, help="Mercado Livre's notifications.", epilog=EXIT_CODES)

When = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"], help="With its offset, such as 2026-11-25T09:00-03:00."),
]


@app.command()
def replay(
    *,
    notification: Annotated[str | None, typer.Option("--id", help="One notification, by Mercado Livre's id.")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only this tenant's; all tenants without it.")] = None,
    topic: Annotated[str | None, typer.Option("--topic", help="Only of this topic, such as orders_v2.")] = None,
    since: When = None,
    until: When = None,
    state: Annotated[str, typer.Option("--state", help="received (had no effect yet), handled, or all.")] = "received",
    everything: Annotated[bool, typer.Option("--everything", help="Without any other condition.")] = False,
    dry_run: DryRun = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Read again what stored notifications point at. A resource is read once, however many point at it.

    Example: painel webhooks replay --topic orders_v2 --since 2026-11-25T09:00-03:00 --dry-run
    """
    named = {"notification": notification, "tenant": tenant, "topic": topic, "since": since, "until": until}
    conditions = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in named.items() if value is not None
    }
    with asked(env, json) as (report, operate):
        if not conditions and not everything:
            raise OperationError(
                "Nothing was replayed.",
                why="Without a condition it would be every notification of every tenant.",
                do="Name one (--tenant, --topic, --since, --id), or add --everything.",
            )
        told = operate("webhooks-replay", **conditions, state=state, dry_run=dry_run)
        asked_for = "would be read again" if dry_run else f"{told['jobs']} reads were asked for"
        report.say(
            f"{told['matched']} notifications in {told['tenants']} tenants point at {told['resources']} resources: {asked_for}."
        )
        report.result({**told, "dry_run": dry_run})
