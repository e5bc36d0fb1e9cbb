"""The mutation score: each guard of each tenant table taken away once, and something notices (L3). The proof's own code."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from ops.isolation import interleaved, mutants, rows
from ops.isolation.catalogue import tables, tenant_tables
from ops.isolation.mutants import Mutant, MutationScore
from ops.isolation.proof import SHORT
from ops.isolation.scratch import Scratch, scratch_database
from tests.servers import Database


@pytest.fixture(scope="module")
def scratch(database: Database) -> Generator[Scratch]:
    with scratch_database(database.owner_url, database.app_url) as made:
        yield made


@pytest.fixture(scope="module")
def score(scratch: Scratch) -> MutationScore:
    return mutants.score(scratch)


@pytest.mark.req("A003", "A055", "A044", "K09")
def test_no_mutant_survives(score: MutationScore) -> None:
    assert score.sound_findings == []
    assert score.survivors == []


@pytest.mark.req("A044", "A055")
def test_every_tenant_table_is_mutated_in_every_way(scratch: Scratch, score: MutationScore) -> None:
    with scratch.as_owner() as owner:
        expected = {table.name for table in tenant_tables(tables(owner))}
    for kind in (
        "rls off",
        "force off",
        "policy dropped",
        "policy open",
        "policy check open",
        "policy fails open",
        "key dropped",
    ):
        assert {verdict.mutant.table for verdict in score.verdicts if verdict.mutant.kind == kind} == expected


def test_what_opens_a_table_is_seen_by_its_behaviour_too(score: MutationScore) -> None:
    """The audit alone would be one reader of one catalogue; the data must say the same."""
    opened = [
        verdict for verdict in score.verdicts if verdict.mutant.kind.startswith(("policy", "rls", "force", "foreign key"))
    ]
    assert [verdict.mutant.name for verdict in opened if not verdict.behaviour] == []


def test_a_fault_that_nothing_notices_survives(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    harmless = Mutant("a comment", "harmless", "comment on schema app is 'x'", "comment on schema app is null")
    monkeypatch.setattr(mutants, "mutants", lambda *_: [harmless])
    assert mutants.score(scratch).survivors == ["a comment"]


@pytest.mark.req("A003", "A054", "K09")
def test_interleaved_transactions_keep_tenants_apart(scratch: Scratch) -> None:
    told = interleaved.run(scratch, transactions=SHORT)
    assert told.violations == []
    assert told.transactions == SHORT
    assert len(told.kinds) == 9


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        ("alter table {} disable row level security", "alter table {} enable row level security"),
        ("alter policy tenant on {} using (true)", "alter policy tenant on {} using (tenant_id = (select app.tid()))"),
    ],
)
def test_interleaved_transactions_see_an_open_table(scratch: Scratch, fault: str, cure: str) -> None:
    """Without this, a runner that looks at nothing would pass."""
    with scratch.as_owner() as owner:
        found = tables(owner)
        rows.seed(owner, found)
        names = [table.name for table in tenant_tables(found)]
        for name in names:
            owner.execute(fault.format(name))
        try:
            assert interleaved.run(scratch, transactions=100).violations
        finally:
            for name in names:
                owner.execute(cure.format(name))
