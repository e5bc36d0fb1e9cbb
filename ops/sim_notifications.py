"""`painel sim deliveries`, `notify`, `forge`: what the simulator posts to the webhook, and what came of it."""

from __future__ import annotations

import json as jsons
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.errors import OperationError
from ops.sim_client import Json, More, Url, facts, read_fields, talking


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (deliveries, notify, forge):
        app.command()(command)


def deliveries(
    *,
    order_id: Annotated[int | None, typer.Option("--order")] = None,
    seller_id: Annotated[int | None, typer.Option("--seller")] = None,
    topic: Annotated[str | None, typer.Option("--topic")] = None,
    resource: Annotated[str | None, typer.Option("--resource")] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", help="delivered, refused, timeout, unreachable, dropped …")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 20,
    url: Url = None,
    json: Json = False,
) -> None:
    """The last attempts to deliver notifications, with what they met.

    [dim]painel sim deliveries --order 2000011800000001
    painel sim deliveries --outcome timeout --limit 100[/dim]
    """
    with talking(url, json) as (report, simulator):
        query = {"order_id": order_id, "seller_id": seller_id, "topic": topic, "resource": resource, "outcome": outcome}
        answer = simulator.get("deliveries", **query, limit=limit)
        report.table(
            f"{len(answer['deliveries'])} of {answer['total']} attempts; {answer['waiting']} wait",
            [_attempt(one) for one in answer["deliveries"]] or [("none", "")],
        )
        report.result(answer)


def notify(
    *,
    seller: Annotated[int, typer.Option("--seller", help="The seller's user_id.")],
    topic: Annotated[str, typer.Option("--topic", help="orders_v2, items, questions, messages …")],
    resource: Annotated[str, typer.Option("--resource", help="Such as /orders/2000011800000001.")],
    times: Annotated[int, typer.Option("--times", min=1, max=1_000)] = 1,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Announce a resource once more, changed or not.

    [dim]painel sim notify --seller 1482301177 --topic orders_v2 --resource /orders/2000011800000001 --times 5[/dim]
    """
    with talking(url, json) as (report, simulator):
        body = {"seller_id": seller, "topic": topic, "resource": resource, "times": times}
        answer = simulator.post("notify", **body | read_fields(more))
        report.say(f"{len(answer['announced'])} notifications are on their way.")
        report.result(answer)


def forge(
    body: Annotated[str, typer.Argument(help="JSON, any other text, @FILE, or - for standard input.")],
    *,
    to: Annotated[str | None, typer.Option("--to", help="Where to post it; the application's own URL, without it.")] = None,
    headers: Annotated[list[str] | None, typer.Option("--header", metavar="NAME=VALUE")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Post a notification that Mercado Livre never sent, once.

    [dim]painel sim forge '{"resource": "/orders/1", "user_id": 1, "topic": "orders_v2"}'
    painel sim forge 'not JSON at all' --header content-type=text/plain[/dim]
    """
    with talking(url, json) as (report, simulator):
        text = _body(body)
        try:
            forged: Any = jsons.loads(text)
        except ValueError:
            forged = text
        sent = forged if isinstance(forged, dict | str) else text
        answer = simulator.post("forge", body=sent, url=to, headers=read_fields(headers) or None)
        report.table("Forged", facts(answer, "outcome", "status", "ack_ms"))
        report.result(answer)


def _attempt(one: dict[str, Any]) -> tuple[str, str]:
    colour = "green" if one["outcome"] == "delivered" else "yellow" if one["outcome"] == "dropped" else "red"
    took = f"{one['ack_ms']:.0f} ms" if one["ack_ms"] is not None else ""
    met = f"[{colour}]{one['outcome']}[/] {one['status'] or ''}"
    return str(
        one["seq"]
    ), f"{one['sent'] or '':<24}  {one['topic']:<14} {one['resource']:<40} #{one['attempt']}  {met}  {took}"


def _body(text: str) -> str:
    """The text itself, or what `@FILE` or `-` names."""
    if text == "-":
        return sys.stdin.read()
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperationError(
            f"{text[1:]} could not be read.", why=str(error), do="Name another file. Nothing was sent."
        ) from error
