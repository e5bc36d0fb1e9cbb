"""Many tenants' transactions over few shared connections, with faults between, as warm functions produce them (L4)."""

from __future__ import annotations

import queue
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import errors as pg

from ops.isolation import rows
from ops.isolation.catalogue import Table, tables, tenant_tables
from ops.isolation.scratch import Connection, Scratch

TENANTS, CONNECTIONS, WORKERS = 8, 3, 4
SILO_CONNECTIONS = 1
DIVISION = "select 1 / 0"


class Undo(Exception):
    """Raised inside a transaction to undo it."""


@dataclass(slots=True)
class Interleaved:
    """What was run and what went wrong. `kinds` counts transactions by what happened in them."""

    transactions: int
    violations: list[str]
    seconds: float
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Transactions a second."""
        return self.transactions / self.seconds


@dataclass(slots=True)
class Place:
    """A database with its tenants, and the connections to it that are free."""

    readable: list[Table]
    writable: list[Table]
    tenants: list[UUID]
    free: queue.SimpleQueue[Connection] = field(default_factory=queue.SimpleQueue)


def run(pool: Scratch, silo: Scratch, *, transactions: int, seed: int = 7) -> Interleaved:
    """`transactions` of random tenants on random tables, each on whichever connection to its tenant's database is free."""
    with ExitStack() as opened:
        homes = [_place(pool, TENANTS), _place(silo, 1)]
        for home, scratch, connections in zip(homes, (pool, silo), (CONNECTIONS, SILO_CONNECTIONS), strict=True):
            for _ in range(connections):
                home.free.put(opened.enter_context(scratch.as_app()))
        works = Works(homes)
        shares = [transactions // WORKERS + (worker < transactions % WORKERS) for worker in range(WORKERS)]
        began = time.monotonic()
        with ThreadPoolExecutor(WORKERS) as workers:
            done = [workers.submit(works.share, share, seed + worker) for worker, share in enumerate(shares)]
            kinds: Counter[str] = sum((future.result() for future in done), Counter())
        return Interleaved(kinds.total(), works.violations, time.monotonic() - began, kinds)


def _place(scratch: Scratch, residents: int) -> Place:
    """Two tenants' rows come at a time; of a silo's the second is nobody's, and must never be seen."""
    with scratch.as_owner() as owner:
        found = tables(owner)
        tenants = [tenant for _ in range((residents + 1) // 2) for tenant in rows.seed(owner, found).tenants]
    readable = [table for table in tenant_tables(found) if table.app_reads and not table.is_partition]
    writable = [
        table
        for table in readable
        if table.app_inserts and all(key.parent == "directory.tenants" for key in table.foreign_keys) and rows.has_room(table)
    ]
    return Place(readable, writable, tenants[:residents])


@dataclass(slots=True)
class Works:
    """What a transaction may do, by name."""

    homes: list[Place]
    violations: list[str] = field(default_factory=list)

    def share(self, transactions: int, seed: int) -> Counter[str]:
        """One worker's part: a connection is taken for each transaction and given back after, as a pool does."""
        chance = random.Random(seed)  # noqa: S311 - a repeatable shuffle, no secret
        kinds: Counter[str] = Counter()
        acts: dict[str, Callable[[Connection, Place, random.Random], None]] = {
            "read": self._read,
            "write": self._write,
            "error": self._error,
            "undo": self._undo,
            "savepoint": self._savepoint,
            "foreign write": self._foreign_write,
            "second tenant": self._second_tenant,
            "no tenant": self._nobody,
            "no tenant writes": self._nobody_writes,
            "tenant of another database": self._stray,
        }
        names, weights = list(acts), [6, 2, 2, 2, 2, 1, 1, 2, 1, 1]
        for _ in range(transactions):
            kind = chance.choices(names, weights)[0]
            home = chance.choices(self.homes, [CONNECTIONS, SILO_CONNECTIONS])[0]
            connection = home.free.get()
            try:
                acts[kind](connection, home, chance)
            except psycopg.Error as error:
                self.violations.append(f"{kind}: {type(error).__name__}: {error}")
            finally:
                home.free.put(connection)
            kinds[kind] += 1
        return kinds

    def _enter(self, connection: Connection, home: Place, chance: random.Random) -> UUID:
        tenant = chance.choice(home.tenants)
        connection.execute("select app.enter_tenant(%s)", [tenant])
        return tenant

    def _look(self, connection: Connection, home: Place, tenant: UUID | None, chance: random.Random) -> None:
        """One unguarded read: no predicate names the tenant, so that the policy alone is judged."""
        table = chance.choice(home.readable).name
        query = f"select count(*) filter (where tenant_id is distinct from %s), count(*), app.tid() from {table}"  # noqa: S608
        row: Any = connection.execute(query, [tenant]).fetchone()
        foreign, seen, inside = row
        if foreign or inside != tenant:
            self.violations.append(f"{table}: {foreign} foreign rows seen inside {inside}, entered {tenant}")
        if tenant in home.tenants and not seen:
            self.violations.append(f"{table}: the tenant's own rows were not seen")
        if tenant not in home.tenants and seen:
            self.violations.append(f"{table}: {seen} rows seen by {tenant or 'nobody'}, who has none here")

    def _insert(self, connection: Connection, home: Place, tenant: UUID, chance: random.Random) -> None:
        table = chance.choice(home.writable)
        rows.insert(connection, table, rows.fresh(table, tenant, {}) | self._parents(table, tenant))

    def _parents(self, table: Table, tenant: UUID) -> dict[str, UUID]:
        """Only tables whose foreign keys lead to the tenant itself are written here."""
        return {key.columns[0]: tenant for key in table.foreign_keys}

    def _read(self, connection: Connection, home: Place, chance: random.Random) -> None:
        with connection.transaction():
            self._look(connection, home, self._enter(connection, home, chance), chance)

    def _write(self, connection: Connection, home: Place, chance: random.Random) -> None:
        """Written and seen, then taken away, so that tables stay small."""
        with connection.transaction(force_rollback=chance.random() < 0.98):
            tenant = self._enter(connection, home, chance)
            self._insert(connection, home, tenant, chance)
            self._look(connection, home, tenant, chance)

    def _undo(self, connection: Connection, home: Place, chance: random.Random) -> None:
        try:
            with connection.transaction():
                tenant = self._enter(connection, home, chance)
                self._insert(connection, home, tenant, chance)
                raise Undo
        except Undo:
            return

    def _error(self, connection: Connection, home: Place, chance: random.Random) -> None:
        try:
            with connection.transaction():
                self._enter(connection, home, chance)
                connection.execute(DIVISION)
        except pg.DivisionByZero:
            return

    def _savepoint(self, connection: Connection, home: Place, chance: random.Random) -> None:
        with connection.transaction():
            tenant = self._enter(connection, home, chance)
            try:
                with connection.transaction():
                    connection.execute(DIVISION)
            except pg.DivisionByZero:
                self._look(connection, home, tenant, chance)

    def _foreign_write(self, connection: Connection, home: Place, chance: random.Random) -> None:
        try:
            with connection.transaction(force_rollback=True):
                tenant = self._enter(connection, home, chance)
                others = [other for place in self.homes for other in place.tenants if other != tenant]
                self._insert(connection, home, chance.choice(others), chance)
                self.violations.append(f"{tenant} wrote a row of another tenant")
        except pg.InsufficientPrivilege:
            return

    def _second_tenant(self, connection: Connection, home: Place, chance: random.Random) -> None:
        try:
            with connection.transaction():
                tenant = self._enter(connection, home, chance)
                connection.execute("select app.enter_tenant(%s)", [uuid4()])
                self.violations.append(f"{tenant} entered a second tenant")
        except pg.InsufficientPrivilege:
            return

    def _nobody(self, connection: Connection, home: Place, chance: random.Random) -> None:
        with connection.transaction():
            self._look(connection, home, None, chance)

    def _nobody_writes(self, connection: Connection, home: Place, chance: random.Random) -> None:
        try:
            with connection.transaction(force_rollback=True):
                self._insert(connection, home, chance.choice(home.tenants), chance)
                self.violations.append("a row was written without a tenant")
        except pg.InsufficientPrivilege:
            return

    def _stray(self, connection: Connection, home: Place, chance: random.Random) -> None:
        """A tenant is looked for in a database that it does not live in."""
        stranger = chance.choice([tenant for place in self.homes if place is not home for tenant in place.tenants])
        with connection.transaction():
            connection.execute("select app.enter_tenant(%s)", [stranger])
            self._look(connection, home, stranger, chance)
