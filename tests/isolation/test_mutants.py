"""The mutation score: each guard of each tenant table taken away once, and something notices (L3). The proof's own code."""

from __future__ import annotations

from collections.abc import Generator
from typing import LiteralString

import pytest

from ops.isolation import interleaved, mutants, rows
from ops.isolation.catalogue import tables, tenant_tables
from ops.isolation.mutants import Mutant, MutationScore
from ops.isolation.proof import SHORT
from ops.isolation.scratch import Scratch, relax, scratch_database
from tests.servers import Database

ODD_TABLES: LiteralString = """
create domain app.odd_code as text check (value ~ '^X');
create table app.odd_orders (
    tenant_id uuid not null references directory.tenants (id),
    account_id uuid not null,
    id bigint generated always as identity,
    site char(3) not null check (site = 'MLB'),
    code app.odd_code not null,
    amount numeric(12, 2) not null check (amount > 1),
    score real not null,
    tags text [] not null,
    placed_on date not null,
    lasts interval,
    span tstzrange not null,
    spans int4multirange not null,
    at_home point not null default '(0, 0)',
    elsewhere polygon,
    words tsvector not null,
    from_ip inet not null,
    total bigint generated always as (1 + 1) stored,
    primary key (tenant_id, id),
    unique (tenant_id, account_id, id),
    unique (tenant_id, code),
    unique (tenant_id, placed_on, from_ip),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id)
);
-- Its foreign keys share columns, and it has one row for each order, so that its keys are those of its parents.
create table app.odd_parcels (
    tenant_id uuid not null,
    account_id uuid not null,
    order_id bigint not null,
    followed_by bigint,
    label varchar(4) not null,
    primary key (tenant_id, order_id),
    foreign key (tenant_id, account_id) references app.ml_accounts (tenant_id, id),
    foreign key (tenant_id, account_id, order_id) references app.odd_orders (tenant_id, account_id, id),
    foreign key (tenant_id, followed_by) references app.odd_parcels (tenant_id, order_id)
);
create table app.odd_notes (
    tenant_id uuid not null,
    id uuid not null,
    order_id bigint,
    parcel_id bigint,
    is_read boolean not null,
    primary key (tenant_id, id),
    unique (tenant_id, order_id, is_read),
    foreign key (tenant_id, order_id) references app.odd_orders (tenant_id, id) on delete cascade,
    foreign key (tenant_id, parcel_id) references app.odd_parcels (tenant_id, order_id)
);
call directory.make_tenant_table('app.odd_orders');
call directory.make_tenant_table('app.odd_parcels');
call directory.make_tenant_table('app.odd_notes');
"""


@pytest.fixture(scope="module")
def scratch(database: Database) -> Generator[Scratch]:
    with scratch_database(database.owner_url, database.app_url) as made:
        yield made


@pytest.fixture(scope="module")
def silo(database: Database) -> Generator[Scratch]:
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


@pytest.mark.req("A044", "A055")
def test_tables_that_nobody_told_it_of_are_filled_and_mutated(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every type and shape that a later slice may bring: the proof takes it in from the catalogue."""
    every = mutants.mutants
    monkeypatch.setattr(mutants, "mutants", lambda *told: [one for one in every(*told) if "app.odd_" in one.name])
    with scratch.as_owner() as owner:
        owner.execute(ODD_TABLES)
        relax(owner)
    try:
        score = mutants.score(scratch)
    finally:
        with scratch.as_owner() as owner:
            owner.execute("drop table app.odd_notes, app.odd_parcels, app.odd_orders cascade; drop domain app.odd_code")
    assert score.sound_findings == []
    assert score.survivors == []
    assert {verdict.mutant.kind for verdict in score.verdicts} >= {"foreign key dropped", "key dropped", "key without tenant"}
    assert len(score.verdicts) > 40


@pytest.mark.req("A003", "A054", "K09")
def test_interleaved_transactions_keep_tenants_apart(scratch: Scratch, silo: Scratch) -> None:
    told = interleaved.run(scratch, silo, transactions=SHORT)
    assert told.violations == []
    assert told.transactions == SHORT
    assert len(told.kinds) == 10


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        ("alter table {} disable row level security", "alter table {} enable row level security"),
        ("alter policy tenant on {} using (true)", "alter policy tenant on {} using (tenant_id = (select app.tid()))"),
    ],
)
@pytest.mark.parametrize("broken", ["scratch", "silo"])
def test_interleaved_transactions_see_an_open_table(
    scratch: Scratch, silo: Scratch, fault: str, cure: str, broken: str
) -> None:
    """Without this, a runner that looks at nothing would pass."""
    with {"scratch": scratch, "silo": silo}[broken].as_owner() as owner:
        found = tables(owner)
        rows.seed(owner, found)
        names = [table.name for table in tenant_tables(found)]
        for name in names:
            owner.execute(fault.format(name))
        try:
            assert interleaved.run(scratch, silo, transactions=100).violations
        finally:
            for name in names:
                owner.execute(cure.format(name))
