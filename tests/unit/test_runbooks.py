"""What a runbook tells somebody to type at three in the morning is there: commands, options, targets, routes and pages."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from ops.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
COMMAND = re.compile(r"(?:^|`)(painel [^`#\n]+|make [a-z]+[^`#\n]*)", re.MULTILINE)
ROUTE = re.compile(r"\b(GET|POST|PATCH|DELETE) /v1(/[\w/{}-]+)")
LINK = re.compile(r"\]\(([^)#]+)\)")
HEADINGS = ("**What it means.**", "**Look.**", "**Do", "**Over when**", "**Drill.**")


def commands(page: Path) -> Iterator[list[str]]:
    for found in COMMAND.finditer(page.read_text(encoding="utf-8")):
        yield shlex.split(found[1].strip().rstrip("."))


def resolve(words: list[str]) -> tuple[Any, list[str]]:
    """The command that these words name, and what is left of them."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):
        if not rest or rest[0].startswith(("-", "…")) or rest[0].isupper():
            break
        found = command.commands.get(rest[0])
        assert found is not None, f"there is no `{' '.join(words)}`"
        command, rest = found, rest[1:]
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_commands_exist_with_their_options(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in commands(page):
        if words[0] == "make":
            assert words[1] in targets, words
            continue
        command, rest = resolve(words)
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_routes_are_in_the_api(page: Path) -> None:
    document = json.loads((ROOT / "docs" / "api" / "openapi.json").read_text(encoding="utf-8"))
    known = {
        (verb.upper(), re.sub(r"{\w+}", "{}", path)) for path, operations in document["paths"].items() for verb in operations
    }
    for verb, path in ROUTE.findall(page.read_text(encoding="utf-8")):
        assert (verb, re.sub(r"{\w+}", "{}", path)) in known, f"{verb} {path}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "README"], ids=lambda page: page.stem)
def test_it_says_what_to_look_at_what_to_do_and_when_it_is_over(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [heading for heading in HEADINGS if heading not in text] == []
    assert f"({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")


def test_there_is_something_to_look_at() -> None:
    assert len(PAGES) >= 7
    assert sum(1 for page in PAGES for _ in commands(page)) >= 20
