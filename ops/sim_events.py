"""`painel sim order`, `question`, `message`, `claim` and the like: what happens at Mercado Livre, made to happen."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ops.errors import OperationError
from ops.sim_client import Json, More, Url, facts, read_fields, talking

Seller = Annotated[int | None, typer.Option("--seller", help="The seller's user_id, as `painel sim sellers` lists it.")]
Action = Annotated[str | None, typer.Option("--action", help="What to do with it; a wrong word lists the right ones.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Send no notification.")]
Text = Annotated[str | None, typer.Option("--text", help="What is said.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (order, item, question, message, conversation, claim, charge, bonus, storm):
        app.command()(command)


def order(
    order_id: Annotated[int | None, typer.Argument(help="An order to change; without it, a new one is made.")] = None,
    *,
    seller: Seller = None,
    item_id: Annotated[str | None, typer.Option("--item", help="The item that is sold; any, without it.")] = None,
    quantity: Annotated[int | None, typer.Option(min=1)] = None,
    price: Annotated[int | None, typer.Option("--price", min=1, help="Unit price in cents.")] = None,
    action: Action = None,
    quiet: Quiet = False,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make an order, or change one.

    [dim]painel sim order --seller 1482301177 --quantity 2
    painel sim order 2000011800000001 --action cancel --with by=buyer
    painel sim order 2000011800000001 --action refund --with amount_cents=500[/dim]
    """
    fields = {"seller_id": seller, "item_id": item_id, "quantity": quantity, "unit_price_cents": price}
    _event("order", order_id, fields, more, action=action, quiet=quiet, url=url, json=json)


def item(
    item_id: Annotated[str, typer.Argument(help="The item, such as MLB4000000101.")],
    *,
    price: Annotated[int | None, typer.Option("--price", min=1, help="Price in cents.")] = None,
    stock: Annotated[int | None, typer.Option("--stock", min=0, help="Units that are left.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="active, paused, closed …")] = None,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Change an item as its seller would in the site.

    [dim]painel sim item MLB4000000101 --stock 0
    painel sim item MLB4000000101 --price 4990 --with title="Fone novo"[/dim]
    """
    fields = {"price_cents": price, "available_quantity": stock, "status": status}
    with talking(url, json) as (report, simulator):
        answer = simulator.post(f"items/{item_id}", **fields | read_fields(more))
        shown = facts(answer["item"], "id", "title", "status", "sub_status", "price", "available_quantity")
        report.table("Item", shown)
        report.result(answer)


def question(
    question_id: Annotated[int | None, typer.Argument(help="A question to act on; without it, a buyer asks one.")] = None,
    *,
    seller: Seller = None,
    item_id: Annotated[str | None, typer.Option("--item", help="The item asked about; any, without it.")] = None,
    text: Text = None,
    action: Action = None,
    quiet: Quiet = False,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Ask a question as a buyer, or answer, moderate or delete one.

    [dim]painel sim question --seller 1482301177 --text "Tem na cor azul?"
    painel sim question 13000000001 --action answer --text "Temos sim!"
    painel sim question 13000000001 --action ban[/dim]
    """
    fields = {"seller_id": seller, "item_id": item_id, "text": text}
    _event("question", question_id, fields, more, action=action, quiet=quiet, url=url, json=json)


def message(
    message_id: Annotated[str | None, typer.Argument(help="A message to act on; without it, a buyer writes one.")] = None,
    *,
    seller: Seller = None,
    pack: Annotated[int | None, typer.Option("--pack", help="The sale's pack, or its order if it has none.")] = None,
    text: Text = None,
    action: Action = None,
    quiet: Quiet = False,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Write a post-sale message as the buyer, or read or moderate one.

    [dim]painel sim message --seller 1482301177 --pack 2000008800000001 --text "Quando chega?"
    painel sim message 00aa11bb22cc33dd44ee55ff66007788 --action read
    painel sim message 00aa11bb22cc33dd44ee55ff66007788 --action moderate --with reason=PERSONAL_DATA[/dim]
    """
    fields = {"seller_id": seller, "pack_id": pack, "text": text}
    _event("message", message_id, fields, more, action=action, quiet=quiet, url=url, json=json)


def conversation(
    pack: Annotated[int, typer.Argument(help="The sale's pack, or its order if it has none.")],
    *,
    substatus: Annotated[str | None, typer.Option("--substatus", help="blocked_by_…; none takes the block away.")] = None,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Block a conversation, or open it again.

    [dim]painel sim conversation 2000008800000001 --substatus blocked_by_buyer
    painel sim conversation 2000008800000001 --substatus none
    painel sim conversation 2000008800000001 --with buyer_account_closed=true[/dim]
    """
    with talking(url, json) as (report, simulator):
        body = read_fields(more)
        if substatus is not None:
            body["substatus"] = None if substatus == "none" else substatus
        answer = simulator.call("POST", f"conversations/{pack}", body)
        report.table("Conversation", facts(answer["conversation_status"], "path", "status", "substatus", "status_date"))
        report.result(answer)


def claim(
    claim_id: Annotated[int | None, typer.Argument(help="A claim to act on; without it, a buyer opens one.")] = None,
    *,
    seller: Seller = None,
    order_id: Annotated[int | None, typer.Option("--order", help="The order it is about; any paid one, without it.")] = None,
    text: Text = None,
    action: Action = None,
    quiet: Quiet = False,
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Open a claim as the buyer, or move one and its return along.

    [dim]painel sim claim --order 2000011800000001
    painel sim claim 5300000001 --action escalate
    painel sim claim 5300000001 --action return_shipped
    painel sim claim 5300000001 --action close --with benefited=complainant[/dim]
    """
    fields = {"seller_id": seller, "order_id": order_id, "text": text}
    _event("claim", claim_id, fields, more, action=action, quiet=quiet, url=url, json=json)


def charge(
    *,
    seller: Annotated[int, typer.Option("--seller", help="The seller's user_id.")],
    kind: Annotated[str, typer.Option("--type", help="The sub-type: PADS, CXD, CFLX …; CV comes from sales alone.")],
    cents: Annotated[int, typer.Option("--cents", min=1, help="How much, in cents.")],
    more: More = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Charge a seller on the open bill.

    [dim]painel sim charge --seller 1482301177 --type PADS --cents 12900
    painel sim charge --seller 1482301177 --type CFLX --cents 990 --with section=flex[/dim]
    """
    body = {"seller_id": seller, "sub_type": kind, "amount_cents": cents}
    _billing("charges", body, more, url=url, json=json)


def bonus(
    *,
    seller: Annotated[int, typer.Option("--seller", help="The seller's user_id.")],
    detail: Annotated[int, typer.Option("--detail", help="The detail_id of the charge to give back.")],
    cents: Annotated[int | None, typer.Option("--cents", min=1, help="How much, in cents; all, without it.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Give a charge back: on the bill while its period is open, as a credit note afterwards.

    [dim]painel sim bonus --seller 1482301177 --detail 900000001[/dim]
    """
    body = {"seller_id": seller, "detail_id": detail, "amount_cents": cents}
    _billing("bonuses", body, None, url=url, json=json)


def storm(
    *,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND=COUNT", help="orders, questions, messages or claims, so many per seller."),
    ] = None,
    sellers: Annotated[list[int] | None, typer.Option("--seller", help="Whose; every seller's, without it.")] = None,
    over: Annotated[float, typer.Option("--over", min=0, max=3_600, help="Spread the notifications over so many seconds.")] = 0,
    url: Url = None,
    json: Json = False,
) -> None:
    """Let much happen at once.

    [dim]painel sim storm --kind orders=200 --over 10
    painel sim storm --kind orders=50 --kind questions=20 --kind messages=20 --kind claims=2[/dim]
    """
    with talking(url, json) as (report, simulator):
        wanted = read_fields(kinds) or {"orders": 1}
        answer = simulator.post("storm", kinds=wanted, seller_ids=sellers or None, over_seconds=over)
        rows = [(kind, str(sum(len(ids) for ids in made.values()))) for kind, made in answer["ids"].items()]
        report.table("Storm", [*rows, ("notifications", str(answer["announced"]))])
        report.result(answer)


_SHOWN = {
    "order": ("id", "status", "pack_id", "total_amount", "shipping.id", "tags"),
    "question": ("id", "status", "item_id", "text", "answer.text", "answer.status"),
    "message": ("id", "text", "message_date.created", "message_date.read", "message_moderation.reason"),
    "claim": ("id", "status", "stage", "type", "reason_id", "resource_id", "resolution.reason"),
}


def _event(
    kind: str,
    number: int | str | None,
    fields: dict[str, Any],
    more: list[str] | None,
    *,
    action: str | None,
    quiet: bool,
    url: str | None,
    json: bool,
) -> None:
    """Make one of a kind, or act on one, and show what became of it."""
    with talking(url, json) as (report, simulator):
        if number is None and action is not None:
            raise OperationError(
                f"An action needs the {kind} to act on.",
                do=f"Name it: painel sim {kind} ID --action {action}. Nothing was changed.",
            )
        path = f"{kind}s" if number is None else f"{kind}s/{number}"
        announce = False if quiet else None
        answer = simulator.post(path, **{"action": action, "announce": announce, **fields, **read_fields(more)})
        rows = facts(answer[kind], *_SHOWN[kind])
        if answer.get("return"):
            rows += facts(answer, "return.id", "return.status", "return.status_money")
        told = len(answer["announced"])
        announced = f"by {told} notification{'s' if told > 1 else ''}" if told else "to nobody"
        report.table(kind.capitalize(), [*rows, ("announced", announced)])
        report.result(answer)


def _billing(path: str, fields: dict[str, Any], more: list[str] | None, *, url: str | None, json: bool) -> None:
    with talking(url, json) as (report, simulator):
        answer = simulator.post(f"billing/{path}", **fields | read_fields(more))
        line = facts(answer["detail"]["charge_info"], "detail_type", "detail_sub_type", "detail_amount")
        report.table("Booked", facts(answer, "detail_id", "period", "group", "document_type") + line)
        report.result(answer)
