"""`painel sim chaos`: the simulator's switches."""

from __future__ import annotations

import json as jsons
from typing import Annotated, Any

import typer

from ops.sim_client import Json, Simulator, Url, read_fields, talking
from simulator.chaos import Chaos

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Its switches: everything that goes wrong on a bad day.")


@app.command(name="show")
def show_chaos(
    *,
    all_of_them: Annotated[bool, typer.Option("--all", help="Also those that are as at the start.")] = False,
    url: Url = None,
    json: Json = False,
) -> None:
    """The switches that are set, or all of them.

    [dim]painel sim chaos show --all[/dim]
    """
    with talking(url, json) as (report, simulator):
        values = simulator.get("chaos") if all_of_them else changed(simulator)
        report.table("Switches", rows(values))
        report.result(values)


@app.command(name="set")
def set_chaos(
    switches: Annotated[list[str], typer.Argument(metavar="SWITCH=VALUE…", help="`painel sim chaos show --all` lists them.")],
    *,
    url: Url = None,
    json: Json = False,
) -> None:
    """Set switches by name and leave the others; all or none of them.

    [dim]painel sim chaos set duplicates=1 reorder=0.3
    painel sim chaos set error_rate=0.05 error_status=429 error_body=text[/dim]
    """
    with talking(url, json) as (report, simulator):
        values = simulator.call("POST", "chaos", read_fields(switches))
        report.table("Switches that are set", rows(changed(simulator, values)))
        report.result(values)


@app.command(name="reset")
def reset_chaos(*, url: Url = None, json: Json = False) -> None:
    """Put every switch back."""
    with talking(url, json) as (report, simulator):
        values = simulator.call("POST", "chaos", {"reset": True})
        report.say("Every switch is as at the start.")
        report.result(values)


def changed(simulator: Simulator, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """The switches that are not as at the start."""
    calm = Chaos()
    current = values if values is not None else simulator.get("chaos")
    return {name: value for name, value in current.items() if value != getattr(calm, name, None)}


def rows(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Switches as a table's rows."""
    return [(name, jsons.dumps(value)) for name, value in values.items()] or [("none", "")]
