"""Every event that the audit log knows is entered somewhere, and no entry is made of anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from painelml.audit import AuditEvent

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "layers" / "painelml").rglob("*.py"))
TESTS = "".join(
    path.read_text(encoding="utf-8")
    for path in (ROOT / "tests").rglob("test_*.py")
    if path.resolve() != Path(__file__).resolve()
)


@pytest.mark.req("A043", "A056", "B060")
@pytest.mark.parametrize("event", AuditEvent)
def test_an_event_is_entered_and_a_test_reads_its_entry(event: AuditEvent) -> None:
    assert re.search(rf"AuditEvent\.{event.name}\b", SOURCES), f"nothing enters {event}: enter it, or take it out of the list"
    assert re.search(rf"[\"\']{event.name}[\"\']|AuditEvent\.{event.name}\b", TESTS), f"no test reads an entry {event}"
