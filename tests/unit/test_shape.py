"""The bounds that keep a room small enough to be seen at once: handlers, constructs, and every file of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("cdk_app", "stacks", "lambdas", "layers/painelml", "migrations", "simulator", "ops", "tests")
HANDLER_LINES = 60
CONSTRUCT_LINES = 150
FILE_LINES = 400

EXCEPTIONS = {
    "tests/integration/test_notifications.py": "one notification's whole way, in one setting",
}
"""Files that are longer than their bound, and why. Who makes one of them shorter takes its line away."""


def modules(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def too_long(path: Path, most: int) -> bool:
    return len(path.read_text(encoding="utf-8").splitlines()) > most


def bound(name: str) -> int:
    """The most lines that the file of this path from the root may have."""
    if name.startswith("lambdas/"):
        return HANDLER_LINES
    return CONSTRUCT_LINES if name.startswith(("cdk_app/", "stacks/")) else FILE_LINES


LONG = {name for path in modules(*ROOMS) if too_long(path, bound(name := path.relative_to(ROOT).as_posix()))}


def test_no_file_is_longer_than_its_kind_may_be() -> None:
    assert sorted(LONG - EXCEPTIONS.keys()) == []


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_still_one(name: str) -> None:
    assert name in LONG, f"{name} keeps to its bound now. Take its line out of EXCEPTIONS."


def test_every_kind_is_looked_at() -> None:
    for room in ROOMS:
        assert len(list(modules(room))) >= 5, f"{room} is empty, so nothing would be found there."
