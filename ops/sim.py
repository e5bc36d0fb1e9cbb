"""`painel sim`: the simulated Mercado Livre at the fingertips: its sellers, its switches, its clock, what it sent."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import typer

from ops import sim_chaos, sim_events, sim_notifications
from ops.errors import OperationError
from ops.sim_client import Json, More, Simulator, Url, facts, read_fields, read_seconds, talking

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The simulated Mercado Livre: make things happen in it.")
chaos = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Its switches: everything that goes wrong on a bad day."
)

SellerId = Annotated[int, typer.Argument(help="The seller's user_id, as `painel sim sellers` lists it.")]
ClientId = Annotated[str | None, typer.Option("--client-id", help="The application, if there are several.")]


@app.command()
def status(*, url: Url = None, json: Json = False) -> None:
    """Whether it lives, what it holds, and which switches are set."""
    with talking(url, json) as (report, simulator):
        health, apps = simulator.get("health"), simulator.get("app")["apps"]
        clock, switches = simulator.get("clock"), sim_chaos.changed(simulator)
        rows = [("address", simulator.url), ("clock", clock["now"])]
        rows += facts(health, "sellers", "orders", "notifications_waiting")
        for one in apps:
            rows += [
                ("application", one["client_id"]),
                *facts(one, "notifications_url", "topics", "disabled_topics", "blocked"),
            ]
        report.table("Simulator", rows)
        report.table("Switches that are set", sim_chaos.rows(switches))
        report.result({"url": simulator.url, **health, "clock": clock, "applications": apps, "switches": switches})


@app.command()
def seller(
    *,
    nickname: Annotated[str | None, typer.Option(help="Its name; one out of the seed, without it.")] = None,
    site: Annotated[str, typer.Option(help="MLB, MLA, MLM …")] = "MLB",
    items: Annotated[int, typer.Option(min=0)] = 20,
    orders: Annotated[int, typer.Option(min=0, help="Orders of the last --days.")] = 0,
    days: Annotated[int, typer.Option(min=1, max=365)] = 90,
    questions: Annotated[int, typer.Option(min=0)] = 0,
    messages: Annotated[int, typer.Option(min=0)] = 0,
    claims: Annotated[int, typer.Option(min=0)] = 0,
    billing_periods: Annotated[int, typer.Option(min=0, max=12, help="Months that were billed.")] = 0,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make a seller with a past.

    [dim]painel sim seller --items 150 --orders 2500
    painel sim seller --orders 300 --questions 80 --messages 120 --claims 10 --billing-periods 6
    painel sim seller --with operator_of=1482301177[/dim]
    """
    with talking(url, json) as (report, simulator):
        counts = {"items": items, "orders": orders, "days": days, "questions": questions, "messages": messages}
        counts |= {"claims": claims, "billing_periods": billing_periods}
        answer = simulator.post("sellers", nickname=nickname, site_id=site, **counts | read_fields(more))
        shown = facts(answer, "user_id", "nickname", "site_id", "items", "orders", "questions", "messages", "claims")
        report.table("Seller", shown)
        report.result(answer)


@app.command()
def sellers(*, url: Url = None, json: Json = False) -> None:
    """All sellers, and to whom they granted access."""
    with talking(url, json) as (report, simulator):
        answer = simulator.get("sellers")
        kinds = ("items", "orders", "questions", "messages", "claims")
        rows = []
        for one in answer["sellers"]:
            counts = "  ".join(f"{one[kind]} {kind}" for kind in kinds if one.get(kind))
            granted = f"granted to {', '.join(one['granted_to'])}" if one["granted_to"] else "[dim]not granted[/]"
            rows.append((str(one["user_id"]), f"{one['nickname']:<28} {one['site_id']}  {granted}  {counts}"))
        report.table("Sellers", rows or [("none", "Make one: painel sim seller")])
        report.result(answer)


@app.command()
def truth(
    seller_id: SellerId,
    *,
    ids: Annotated[bool, typer.Option("--ids", help="With every id and update stamp (in JSON).")] = False,
    url: Url = None,
    json: Json = False,
) -> None:
    """What really exists of a seller, whatever the API lets an integrator see.

    [dim]painel sim truth 1482301177
    painel sim truth 1482301177 --ids --json[/dim]
    """
    with talking(url, json) as (report, simulator):
        answer = simulator.get(f"sellers/{seller_id}/truth", ids=1 if ids else None)
        rows = facts(answer, "nickname", "site_id")
        for kind, found in answer.items():
            if isinstance(found, dict) and "total" in found:
                states = {name: _count(value) for name, value in found.get("by_status", {}).items()}
                told = "  ".join(f"{count} {name}" for name, count in states.items())
                rows.append((kind, f"{found['total']:>6}  [dim]{told}[/]"))
        report.table(f"Seller {seller_id}", rows)
        report.result(answer)


sim_events.register(app)
sim_notifications.register(app)
app.add_typer(sim_chaos.app, name="chaos")


@app.command()
def clock(
    *,
    advance: Annotated[str | None, typer.Option("--advance", help="How far to move it on: 90s, 15m, 6h, 2d, 2d6h.")] = None,
    to: Annotated[str | None, typer.Option("--set", help="The moment to set it to, with an offset.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """What time it is there, after moving the clock if asked. Retries that become due go out.

    [dim]painel sim clock --advance 6h
    painel sim clock --set 2026-11-20T12:00:00Z[/dim]
    """
    with talking(url, json) as (report, simulator):
        if advance and to:
            raise OperationError(
                "The clock is either moved on or set.", do="Give one of --advance and --set. Nothing was changed."
            )
        if advance:
            answer = simulator.post("clock", advance_seconds=read_seconds(advance))
        else:
            answer = simulator.post("clock", set=to) if to else simulator.get("clock")
        report.say(f"It is {answer['now']} there, {answer['offset_seconds']:g} s from here.")
        report.result(answer)


@app.command()
def revoke(seller_id: SellerId, *, client_id: ClientId = None, url: Url = None, json: Json = False) -> None:
    """The seller takes its permission back: every token of the pair dies.

    [dim]painel sim revoke 1482301177[/dim]
    """
    with talking(url, json) as (report, simulator):
        answer = simulator.post(f"sellers/{seller_id}/revoke", client_id=client_id)
        report.say(
            f"Revoked for {', '.join(answer['revoked'])}." if answer["revoked"] else "There was no permission to take back."
        )
        report.result(answer)


@app.command(name="rotate-secret")
def rotate_secret(
    *,
    client_id: ClientId = None,
    secret: Annotated[str | None, typer.Option("--secret", help="The new one; a random one, without it.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Renew the application's secret: the old one and all access tokens die at once. Prints the new one.

    [dim]painel sim rotate-secret[/dim]
    """
    with talking(url, json) as (report, simulator):
        body = {"client_id": _client_id(simulator, client_id), "client_secret": secret or secrets.token_urlsafe(24)}
        simulator.call("PUT", "app", body)
        report.table("New secret", facts(body, "client_id", "client_secret"))
        report.result(body)


@app.command(name="app")
def application(
    fields: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE…", help="Fields to change.")] = None,
    *,
    client_id: ClientId = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """The registered application, after changing fields of it if asked.

    [dim]painel sim app blocked=true
    painel sim app topics='["orders_v2", "questions"]'[/dim]
    """
    with talking(url, json) as (report, simulator):
        name = _client_id(simulator, client_id)
        answer = simulator.call("PUT", "app", {"client_id": name} | read_fields(fields))
        report.table("Application", facts(answer, *(one for one in answer if one != "client_secret")))
        report.result(answer)


@app.command()
def tokens(
    *,
    values: Annotated[bool, typer.Option("--values", help="With the live tokens themselves (in JSON).")] = False,
    url: Url = None,
    json: Json = False,
) -> None:
    """Calls to the token endpoint, by account."""
    with talking(url, json) as (report, simulator):
        answer = simulator.get("tokens", values=1 if values else None)
        rows = [
            (
                str(one["user_id"]),
                f"{one['refresh_token']:>5} refreshes  {one['refused']:>3} refused  granted: {one['granted']}",
            )
            for one in answer["accounts"]
        ]
        if rows:
            report.table("Calls to the token endpoint", rows)
        else:
            report.say("Nobody asked for a token yet.")
        report.result(answer)


@app.command(name="requests")
def counted(*, url: Url = None, json: Json = False) -> None:
    """Calls of the imitated API since the process started, the busiest endpoints first."""
    with talking(url, json) as (report, simulator):
        answer = simulator.get("requests")
        busiest = sorted(answer["by_endpoint"].items(), key=lambda one: -one[1]["count"])
        rows = [(name, f"{one['count']:>7}  [dim]{_by_status(one['by_status'])}[/]") for name, one in busiest]
        if rows:
            report.table(f"{answer['total']} calls", rows)
        else:
            report.say("Nobody called yet.")
        report.result(answer)


@app.command()
def call(
    method: Annotated[str, typer.Argument(help="GET, POST or PUT.")],
    path: Annotated[str, typer.Argument(help="Below /_sim, such as orders or sellers/1482301177/truth.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE…", help="Of the body, or of the query of a GET.")
    ] = None,
    *,
    url: Url = None,
) -> None:
    """Any call of the control API (simulator/README.md lists them), answered as JSON.

    [dim]painel sim call GET health
    painel sim call POST orders seller_id=1482301177 status=confirmed[/dim]
    """
    with talking(url, as_json=True) as (report, simulator):
        body, reads = read_fields(fields), method.upper() == "GET"
        below = path.removeprefix("/").removeprefix("_sim/")
        report.result(simulator.call(method.upper(), below, None if reads else body, body if reads else None))


@app.command()
def reset(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="I know that every seller, order and grant in it is lost.")] = False,
    url: Url = None,
    json: Json = False,
) -> None:
    """Back to an empty world: no application, no sellers, switches off, real time."""
    with talking(url, json) as (report, simulator):
        if not yes:
            raise OperationError(
                "Nothing was reset.", why="All that the simulator holds would be lost.", do="Add --yes if you mean it."
            )
        answer = simulator.call("POST", "reset", {})
        report.say("The simulator is empty.")
        report.result(answer)


def _client_id(simulator: Simulator, named: str | None) -> str:
    """The application that is meant: the named one, or the only one."""
    if named:
        return named
    known = [one["client_id"] for one in simulator.get("app")["apps"]]
    if len(known) != 1:
        raise OperationError(
            f"There are {len(known)} applications.",
            do=f"Name one with --client-id: {', '.join(known)}." if known else "Register one: see simulator/README.md.",
        )
    return str(known[0])


def _count(value: Any) -> int:
    return int(value["count"] if isinstance(value, dict) else value)


def _by_status(counts: dict[str, int]) -> str:
    return "  ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
