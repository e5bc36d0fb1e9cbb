"""docs/security/asvs.md claims nothing that is not there: each line has evidence or an exception in words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security" / "asvs.md"
# Chapters V6 and V7 of ASVS 5.0.0: how many requirements each section has at level 2 and below.
LINES = {
    "6.1": range(1, 4),
    "6.2": range(1, 13),
    "6.3": range(1, 5),
    "6.4": range(1, 5),
    "6.5": range(1, 6),
    "6.6": range(1, 4),
    "6.8": range(1, 5),
    "7.1": range(1, 4),
    "7.2": range(1, 5),
    "7.3": range(1, 3),
    "7.4": range(1, 6),
    "7.5": range(1, 3),
    "7.6": range(1, 3),
}
EVIDENCE = re.compile(r"`(tests/[\w/]+\.py)?::(\w+)`|`(tests/[\w/]+\.py|docs/[\w/.-]+\.md)`|`python -m ([\w.]+)")


def rows() -> dict[str, str]:
    """Each line's number, alone, and what stands as its evidence."""
    found: dict[str, str] = {}
    for text in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in text.split("|")]
        if len(cells) == 5 and re.match(r"\d", cells[1]):
            for name in re.findall(r"\d+\.\d+\.\d+", cells[1]):
                assert name not in found, f"{name} stands twice"
                found[name] = cells[3]
    return found


ROWS = rows()


def test_every_line_of_level_two_stands_there_once() -> None:
    wanted = {f"{section}.{number}" for section, numbers in LINES.items() for number in numbers}
    assert wanted - set(ROWS) == set()


@pytest.mark.parametrize("line", ROWS)
def test_a_line_has_evidence_that_exists_or_an_exception_in_words(line: str) -> None:
    evidence = ROWS[line]
    assert "open" not in re.findall(r"\w+", evidence.lower()), f"{line} is still open"
    assert "no test yet" not in evidence
    named = list(EVIDENCE.finditer(evidence))
    assert named or re.search(r"(exception|none exists|not used): \w.{30}", evidence), f"{line} claims without evidence"
    module = ""
    for found in named:
        path, test, document, command = found.groups()
        module = path or document or module
        if command:
            assert (ROOT / f"{command.replace('.', '/')}").is_dir() or (ROOT / f"{command.replace('.', '/')}.py").is_file()
            continue
        assert (ROOT / module).is_file(), f"{line} names {module}, which is not there"
        if test:
            assert test in functions_in(ROOT / module), f"{line} names {module}::{test}, which is not there"


def functions_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
