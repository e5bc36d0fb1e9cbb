"""Mutation of isolation: every guard of every tenant table is taken away once, and something must notice.

Two detectors look at each mutant: the catalogue audit (migrations/audit.sql), and the behaviour of the one table as `app` and
as `owner` meet it. A mutant that neither catches survives, and fails the proof.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors as pg
from psycopg import sql

from ops.errors import OperationError
from ops.isolation import rows
from ops.isolation.catalogue import ForeignKey, Key, Table, definers, fingerprint, tables, tenant_tables
from ops.isolation.rows import Row, Seeded
from ops.isolation.scratch import Connection, Scratch, inside

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


@dataclass(slots=True)
class Watched:
    """The scratch database with one row of each table for each of two tenants, and two pairs of eyes on it."""

    owner: Connection
    app: Connection
    found: dict[str, Table]
    seeded: Seeded

    def audit(self) -> list[str]:
        """The catalogue audit's findings: `check object`."""
        from painelml.core.migrate import audit_sql

        found = self.owner.execute(sql.SQL(audit_sql()))
        return [f"{row[0]} {row[1]}" for row in found.fetchall()]

    def behaviour(self, table: Table) -> list[str]:
        """What `table` does that it must not; nothing for a sound one. Leaves no trace."""
        if table.is_partition:
            return [] if not self._reads(self.app, table, None) else ["a partition can be read directly"]
        return [
            *self._reading(table),
            *self._writing(table),
            *self._referring(table),
            *self._keys(table),
        ]

    def _reading(self, table: Table) -> Iterator[str]:
        attacker, _ = self.seeded.tenants
        readers = [("owner", self.owner)] + ([("app", self.app)] if table.app_reads else [])
        for who, connection in readers:
            seen = self._reads(connection, table, attacker)
            if any(tenant != attacker for tenant in seen):
                yield f"{who} reads another tenant's row"
            if attacker not in seen:
                yield f"{who} does not see the tenant's own row"
            if self._reads(connection, table, None):
                yield f"{who} reads rows without a tenant"

    def _writing(self, table: Table) -> Iterator[str]:
        attacker, victim = self.seeded.tenants
        for who, connection in (("owner", self.owner), ("app", self.app)):
            if who == "app" and not table.app_inserts:
                continue
            theirs = rows.fresh(table, victim, self.seeded.rows[table.name, victim])
            # A key that refuses the row has looked past the policy: only the policy's own refusal counts.
            if not isinstance(rows.without_trace(connection, attacker, table, theirs), pg.InsufficientPrivilege):
                yield f"{who} writes a row for another tenant"

    def _referring(self, table: Table) -> Iterator[str]:
        attacker, victim = self.seeded.tenants
        mine, theirs = self.seeded.rows[table.name, attacker], self.seeded.rows[table.name, victim]
        for key in table.foreign_keys:
            if "tenant_id" not in key.columns or len(key.columns) == 1 or table.is_implied(key):
                continue
            others = {column for other in table.foreign_keys if other is not key for column in other.columns}
            bearing = set(key.columns) - {"tenant_id"}
            stolen = {column: theirs[column] for column in (bearing - others or bearing)}
            if any(value is None for value in stolen.values()):
                continue
            # What other keys bind together with a stolen column is left empty, so that they do not answer in this one's place.
            bound = {c for o in table.foreign_keys if o is not key and set(o.columns) & set(stolen) for c in o.columns}
            empty = {c.name: None for c in table.columns if c.is_nullable and c.name in bound - set(key.columns)}
            if not self._refers_in_vain(table, key, mine, stolen | empty):
                yield f"{key.name} lets a row refer to another tenant's"

    def _refers_in_vain(self, table: Table, key: ForeignKey, mine: Row, stolen: Row) -> bool:
        """By a new row; where a key allows no second one, by a change of the first."""
        attacker, _ = self.seeded.tenants
        refusal = rows.without_trace(self.owner, attacker, table, rows.fresh(table, attacker, mine) | stolen)
        if isinstance(refusal, pg.UniqueViolation):
            refusal = rows.update_without_trace(self.owner, attacker, table, {"tenant_id": attacker}, stolen)
        return isinstance(refusal, pg.ForeignKeyViolation) and refusal.diag.constraint_name == key.name

    def _keys(self, table: Table) -> Iterator[str]:
        attacker, victim = self.seeded.tenants
        for key in (key for key in table.keys if not key.is_partial):
            same = self.seeded.rows[table.name, attacker]
            again = rows.fresh(table, attacker, same) | {column: same[column] for column in key.columns}
            if not self._comes_once(table, key, again):
                yield f"{key.name} lets a key come twice"
            if key.columns[0] != "tenant_id" or len(key.columns) == 1:
                continue
            referring = {column for fk in table.foreign_keys for column in fk.columns}
            if referring & set(key.columns[1:]):
                continue  # another tenant cannot hold the same parents, so it cannot meet this key
            twin = rows.fresh(table, victim, self.seeded.rows[table.name, victim])
            twin |= {column: same[column] for column in key.columns[1:]}
            refusal = rows.without_trace(self.owner, victim, table, twin)
            if isinstance(refusal, pg.UniqueViolation) and refusal.diag.constraint_name not in _of_one_tenant(table):
                yield f"{key.name} tells one tenant what another holds"

    def _comes_once(self, table: Table, key: Key, again: Row) -> bool:
        """Where another key refuses the row first, the server is asked which key it would have met."""
        attacker, _ = self.seeded.tenants
        refusal = rows.without_trace(self.owner, attacker, table, again)
        if isinstance(refusal, pg.UniqueViolation) and refusal.diag.constraint_name != key.name:
            return rows.without_trace(self.owner, attacker, table, again, arbiter=key.columns) is None
        return isinstance(refusal, pg.UniqueViolation)

    def _reads(self, connection: Connection, table: Table, tenant: UUID | None) -> list[Any]:
        try:
            with inside(connection, tenant):
                # No predicate: the policy alone must do it.
                query = f"select tenant_id from {table.name}"  # noqa: S608
                return [row[0] for row in connection.execute(query).fetchall()]
        except psycopg.errors.InsufficientPrivilege:
            return []


def _of_one_tenant(table: Table) -> set[str]:
    """Keys that only a tenant's own rows can meet."""
    return {key.name for key in table.keys if key.columns[0] == "tenant_id"}
