"""docs/reports/not-tried-on-aws.md names exactly what no laptop deploys."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.infra.conftest import AWS_PAIRS
from tests.infra.synthesis import ROOT, Synthesis

REPORT = ROOT / "docs" / "reports" / "not-tried-on-aws.md"
ROW = re.compile(r"^\| `(?P<type>[\w:]+)` \| (?P<where>[^|]+) \| (?P<held>[^|]+) \| (?P<open>[^|]+) \|$", re.MULTILINE)


def test_the_report_is_complete_and_has_nothing_too_much(
    synthesis_of: Callable[[str], Synthesis], local: Synthesis, named: Synthesis
) -> None:
    on_aws = {resource.type for pair in AWS_PAIRS for resource in synthesis_of(pair).resources()}
    on_aws |= {resource.type for resource in named.resources()}
    on_a_laptop = {resource.type for resource in local.resources()}
    reported = [row["type"] for row in ROW.finditer(REPORT.read_text())]
    assert len(reported) == len(set(reported))
    assert set(reported) == on_aws - on_a_laptop


def test_the_report_says_where(synthesis_of: Callable[[str], Synthesis], named: Synthesis) -> None:
    stacks: dict[str, set[str]] = {}
    for synthesis in (*(synthesis_of(pair) for pair in AWS_PAIRS), named):
        for resource in synthesis.resources():
            stacks.setdefault(resource.type, set()).add(resource.stack)
    for row in ROW.finditer(REPORT.read_text()):
        said = {part.strip() for part in row["where"].split(",")} - {"economy", "with a domain", "with a hosted zone"}
        assert said == stacks[row["type"]], row["type"]
