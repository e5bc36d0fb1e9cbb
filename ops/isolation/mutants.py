"""Mutation of isolation: every guard of every tenant table is taken away once, and something must notice.

Two detectors look at each mutant: the catalogue audit (migrations/audit.sql), and the behaviour of the one table as `app` and
as `owner` meet it. A mutant that neither catches survives, and fails the proof.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops.errors import OperationError
from ops.isolation import rows
from ops.isolation.behaviour import Watched
from ops.isolation.catalogue import ForeignKey, Key, Table, definers, fingerprint, tables, tenant_tables
from ops.isolation.scratch import Connection, Scratch

POLICY = "using (tenant_id = (select app.tid())) with check (tenant_id = (select app.tid()))"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: `plant` as owner, `heal` takes it back. `table` is where behaviour is watched, if anywhere."""

    name: str
    kind: str
    plant: str
    heal: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What noticed a mutant; both empty = it survived."""

    mutant: Mutant
    audit: list[str]
    behaviour: list[str]

    @property
    def caught(self) -> bool:
        return bool(self.audit or self.behaviour)


@dataclass(frozen=True, slots=True)
class MutationScore:
    """`tables` = tenant tables, all of which were mutated; `sound_findings` = what was found before any fault."""

    tables: int
    verdicts: list[Verdict]
    sound_findings: list[str]

    @property
    def survivors(self) -> list[str]:
        return [verdict.mutant.name for verdict in self.verdicts if not verdict.caught]

    @property
    def caught(self) -> int:
        return len(self.verdicts) - len(self.survivors)


def score(scratch: Scratch, *, heard: Callable[[Verdict], object] = lambda _: None) -> MutationScore:
    """Plants every fault in turn. Raises OperationError if a fault could not be taken back."""
    with scratch.as_owner() as owner, scratch.as_app() as app:
        found = tables(owner)
        watched = Watched(owner, app, found, rows.seed(owner, found))
        sound = fingerprint(owner)
        before = watched.audit() + [f for table in tenant_tables(found) for f in watched.behaviour(table)]
        verdicts = []
        for mutant in mutants(owner, found):
            owner.execute(mutant.plant)
            try:
                seen = watched.behaviour(found[mutant.table]) if mutant.table else []
                verdicts.append(Verdict(mutant, watched.audit(), seen))
            finally:
                owner.execute(mutant.heal)
            heard(verdicts[-1])
        if fingerprint(owner) != sound:
            raise OperationError(
                "A planted fault was not taken back, so the mutation score means nothing.",
                do="Look at `heal` of the newest kind of mutant in ops/isolation/mutants.py.",
            )
        return MutationScore(len(tenant_tables(found)), verdicts, before)


def mutants(owner: Connection, found: dict[str, Table]) -> Iterator[Mutant]:
    """Every fault that the catalogue offers."""
    for table in tenant_tables(found):
        yield from _of_policies(table)
        yield from _of_grants(table)
        for foreign_key in table.foreign_keys:
            if len(foreign_key.columns) > 1 and not table.is_implied(foreign_key):
                yield from _of_foreign_key(table, foreign_key)
        referred = [
            (child, leaning) for child in found.values() for leaning in child.foreign_keys if leaning.parent == table.name
        ]
        for key in table.keys:
            if not table.is_partition:
                yield from _of_key(table, key, referred)
    for table in found.values():
        if table.schema == "directory":
            yield Mutant(
                f"{table.name}: app may read it",
                "directory grant",
                f"grant select on {table.name} to app",
                f"revoke select on {table.name} from app",  # noqa: S608 - names come quoted from the catalogue
            )
    for name, path in definers(owner):
        yield Mutant(
            f"{name}: no fixed search_path",
            "definer search_path",
            f"alter function {name} reset search_path",
            f"alter function {name} set search_path = {path}",
        )


def _of_policies(table: Table) -> Iterator[Mutant]:
    name = table.name
    yield Mutant(
        f"{name}: row-level security off",
        "rls off",
        f"alter table {name} disable row level security",
        f"alter table {name} enable row level security",
        name,
    )
    yield Mutant(
        f"{name}: not forced on the owner",
        "force off",
        f"alter table {name} no force row level security",
        f"alter table {name} force row level security",
        name,
    )
    for policy in table.policies:
        drop = f"drop policy {policy} on {name}"
        make = f"create policy {policy} on {name}"
        heal = f"{drop}; {make} {POLICY}"
        yield Mutant(f"{name}: policy {policy} dropped", "policy dropped", drop, f"{make} {POLICY}", name)
        yield Mutant(f"{name}: policy {policy} open", "policy open", f"{drop}; {make} using (true)", heal, name)
        yield Mutant(
            f"{name}: policy {policy} lets foreign rows be written",
            "policy check open",
            f"{drop}; {make} using (tenant_id = (select app.tid())) with check (true)",
            heal,
            name,
        )
        yield Mutant(
            f"{name}: policy {policy} opens where no tenant is set",
            "policy fails open",
            f"{drop}; {make} using (tenant_id = (select app.tid()) or (select app.tid()) is null)",
            heal,
            name,
        )


def _of_grants(table: Table) -> Iterator[Mutant]:
    for right in ("truncate", "references", "trigger"):
        yield Mutant(
            f"{table.name}: app holds {right.upper()}",
            "grant",
            f"grant {right} on {table.name} to app",
            f"revoke {right} on {table.name} from app",
        )


def _of_foreign_key(table: Table, key: ForeignKey) -> Iterator[Mutant]:
    drop = f'alter table {table.name} drop constraint "{key.name}"'
    make = _bound(table, key)
    yield Mutant(f"{table.name}: foreign key {key.name} dropped", "foreign key dropped", drop, make, table.name)
    bare = [(here, there) for here, there in zip(key.columns, key.parent_columns, strict=True) if here != "tenant_id"]
    if not bare or "tenant_id" not in key.columns or table.is_partition:
        return
    here, there = (", ".join(f'"{column}"' for column in side) for side in zip(*bare, strict=True))
    yield Mutant(
        f"{table.name}: foreign key {key.name} without tenant_id",
        "foreign key without tenant",
        f"{drop}; create unique index proof_bare on {key.parent} ({there}); "
        f'alter table {table.name} add constraint "{key.name}" foreign key ({here}) references {key.parent} ({there})',
        f"{drop}; drop index {key.parent.split('.', maxsplit=1)[0]}.proof_bare; {make}",
        table.name,
    )


def _bound(child: Table, key: ForeignKey) -> str:
    """The foreign key made again. PostgreSQL proves it by a query of the owner's, whom FORCE would show no rows."""
    guarded = sorted({name for name in (child.name, key.parent) if name.startswith("app.")})
    made = f'alter table {child.name} add constraint "{key.name}" {key.definition}'
    lifted, set_again = (
        [f"alter table {name} {forced} row level security" for name in guarded] for forced in ("no force", "force")
    )
    return "; ".join([*lifted, made, *set_again])


def _of_key(table: Table, key: Key, referred: list[tuple[Table, ForeignKey]]) -> Iterator[Mutant]:
    """Dropped, with the foreign keys that lean on it; and made anew without the tenant."""
    schema = table.name.split(".", maxsplit=1)[0]
    leaning = [(child, fk) for child, fk in referred if sorted(fk.parent_columns) == sorted(key.columns)]
    release = "".join(f'alter table {child.name} drop constraint "{fk.name}"; ' for child, fk in leaning)
    bind = "".join(f"; {_bound(child, fk)}" for child, fk in leaning)
    if key.constraint_definition:
        drop = f'alter table {table.name} drop constraint "{key.name}"'
        make = f'alter table {table.name} add constraint "{key.name}" {key.constraint_definition}'
    else:
        drop, make = f'drop index {schema}."{key.name}"', key.definition
    if not key.is_partial:
        yield Mutant(f"{table.name}: key {key.name} dropped", "key dropped", release + drop, make + bind, table.name)
    if len(key.columns) > 1 and key.columns[0] == "tenant_id":
        narrow = re.sub(r"\((\"?tenant_id\"?), ", "(", key.definition, count=1)
        narrow = narrow.replace(f"INDEX {key.name} ", "INDEX proof_narrow ", 1)
        narrow = narrow.replace(f'INDEX "{key.name}" ', "INDEX proof_narrow ", 1)
        yield Mutant(
            f"{table.name}: key {key.name} without tenant_id",
            "key without tenant",
            narrow,
            f"drop index {schema}.proof_narrow",
            table.name,
        )
