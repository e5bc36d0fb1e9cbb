"""`painel dlq …`: look into the dead-letter queues, and send back to work what lies there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ops.asking import DryRun, Env, Json, explained
from ops.errors import EXIT_CODES, OperationError
from ops.queues import QUEUES, DeadLetter, DeadLetters

app = typer.Typer(no_args_is_help=True, help="Dead-letter queues: what failed five times, and its way back.", epilog=EXIT_CODES)

Queue = Annotated[str, typer.Argument(help=f"One of {', '.join(QUEUES)}.")]
Most = Annotated[int, typer.Option("--most", min=1, max=10_000, help="At most so many messages.")]
EXCERPT = 160


@app.command(name="list")
def list_queues(*, env: Env = "local", json: Json = False) -> None:
    """How many messages lie in each. Exit code 1 if one is not empty."""
    with explained(json) as report:
        depths = DeadLetters(env).depths()
        report.table("Dead letters", [(queue, f"[red]{depth}[/]" if depth else "empty") for queue, depth in depths.items()])
        if any(depths.values()):
            report.say("`painel dlq show QUEUE` looks into one. docs/runbooks/dlq-not-empty.md says what to do.")
        report.result({"depths": depths})
        if any(depths.values()):
            raise typer.Exit(1)


@app.command()
def show(queue: Queue, *, most: Most = 10, env: Env = "local", json: Json = False) -> None:
    """The messages themselves. They stay where they are."""
    with explained(json) as report:
        letters = DeadLetters(env).look(queue, most)
        for letter in letters:
            shown = letter.body if len(letter.body) <= EXCERPT else f"{letter.body[:EXCERPT]}…"
            report.say(
                f"[bold]{letter.id}[/]  {letter.kind}  {_sent(letter)}  received {letter.receives}×  {letter.group or ''}"
            )
            report.say(f"  [dim]{shown}[/]".replace("[dim]{", "[dim]{"))
        report.say(f"{len(letters)} shown." if letters else f"The dead-letter queue of {queue} is empty.")
        report.result({"queue": queue, "messages": [_document(letter) for letter in letters]})


@app.command()
def redrive(
    queue: Queue,
    *,
    message: Annotated[str | None, typer.Option("--id", help="Only this message.")] = None,
    most: Most = 1000,
    dry_run: DryRun = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Send messages back to the queue that they failed in. First mend the cause: what fails again comes back here."""
    with explained(json) as report:
        letters = DeadLetters(env)
        if dry_run:
            moved = sum(1 for letter in letters.look(queue, most) if message in (None, letter.id))
            report.say(f"{moved} messages would go back to {queue}.")
        else:
            moved = letters.redrive(queue, most, message)
            report.say(f"{moved} messages went back to {queue}.")
        if message and not moved:
            raise _not_found(queue, message)
        report.result({"queue": queue, "redriven": moved, "dry_run": dry_run})


@app.command()
def discard(
    queue: Queue,
    *,
    message: Annotated[str, typer.Option("--id", help="The message's id, as `painel dlq show` prints it.")],
    yes: Annotated[bool, typer.Option("--yes", help="I know that this cannot be undone.")] = False,
    env: Env = "local",
    json: Json = False,
) -> None:
    """Delete one message for good."""
    with explained(json) as report:
        if not yes:
            raise OperationError(
                "Nothing was deleted.", why="A deleted message cannot be had back.", do="Add --yes if you mean it."
            )
        if not DeadLetters(env).discard(queue, message, most=1000):
            raise _not_found(queue, message)
        report.say(f"{message} is gone.")
        report.result({"queue": queue, "discarded": message})


def _not_found(queue: str, message: str) -> OperationError:
    return OperationError(
        f"{message} was not found in the dead-letter queue of {queue}.",
        why="It may be hidden for twenty seconds after somebody looked at it.",
        do=f"Look again: `painel dlq show {queue}`.",
    )


def _sent(letter: DeadLetter) -> str:
    return datetime.fromtimestamp(letter.sent_ms / 1000, UTC).isoformat(timespec="seconds")


def _document(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "kind": letter.kind,
        "sent": _sent(letter),
        "receives": letter.receives,
        "group": letter.group,
        "body": letter.body,
    }
