"""The simulator's control API for the command line: where it is, what is asked of it, and what people see of the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import httpx
import typer

from ops import endpoints
from ops.console import Report
from ops.errors import OperationError
from ops.home import Home

ANSWER_SECONDS = 120
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="PAINEL_SIMULATOR_URL", help="Where the simulator is, if not the one of `make up`."),
]
More = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="NAME=VALUE", help="Any other field of the control API, as often as needed."),
]


class Simulator:
    """One simulator's control API; every call raises OperationError where it is dead or refuses."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.call("GET", path, query={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """`None` means: not said."""
        return self.call("POST", path, {name: value for name, value in body.items() if value is not None})

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, query: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer to one call below `/_sim`."""
        try:
            answer = httpx.request(
                method, f"{self.url}/_sim/{path.lstrip('/')}", json=body, params=query, timeout=ANSWER_SECONDS
            )
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise OperationError(
                f"There is no simulator at {self.url}.",
                why=str(error) or error.__class__.__name__,
                do="Start the local environment with `make up`, or one alone with "
                "`.venv/bin/python -m simulator --port 8800` and name it: --url http://127.0.0.1:8800",
            ) from error
        if not answer.is_success:
            raise OperationError(
                f"The simulator refused: {told.get('message', answer.text[:300])}.",
                why=f"{method} /_sim/{path.lstrip('/')} answered {answer.status_code} {told.get('error', '')}.",
                do="Correct it and run the command again; its --help has examples. Nothing was changed.",
            )
        return told


@contextmanager
def talking(url: str | None, as_json: bool) -> Iterator[tuple[Report, Simulator]]:
    """A report, and the simulator that `--url` or the local environment names; failures become exit code 1."""
    report = Report(as_json=as_json)
    try:
        yield report, Simulator(url or endpoints.load(Home.default()).simulator_url)
    except OperationError as error:
        report.failure(error)
        raise typer.Exit(1) from None


def read_fields(pairs: Iterable[str] | None) -> dict[str, Any]:
    """`name=value` pairs; a value that is JSON is taken as such, any other as text."""
    fields: dict[str, Any] = {}
    for pair in pairs or ():
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise OperationError(
                f"{pair!r} is not a field.",
                why="A field is NAME=VALUE.",
                do="For instance: error_rate=0.1. Nothing was changed.",
            )
        fields[name] = _value(value)
    return fields


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_seconds(text: str) -> float:
    """`90`, `90s`, `15m`, `6h`, `2d`, or several together: `2d6h`."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise OperationError(
            f"{text!r} is not a span of time.", do="Write it like 90s, 15m, 6h, 2d or 2d6h. Nothing was changed."
        )
    return sum(float(number) * _UNITS[unit or "s"] for number, unit in parts)


def facts(document: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    """The named fields of a document as table rows, without those that are null; dots reach inside."""
    rows = []
    for name in names:
        value: Any = document
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            rows.append((name.replace("_", " ").replace(".", " "), _shown(value)))
    return rows


def _shown(value: Any) -> str:
    """A value in one line; square brackets would be taken for markup."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("[", "\\[")
