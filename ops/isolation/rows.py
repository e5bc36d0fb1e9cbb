"""Rows for any table of the schema, made from the catalogue alone: two tenants' worth, parents before children."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from ops.errors import OperationError
from ops.isolation.catalogue import Column, ForeignKey, Table
from ops.isolation.scratch import Connection, inside

MAKERS: dict[str, Callable[[], Any]] = {
    "uuid": uuid4,
    "text": lambda: secrets.token_hex(8),
    "varchar": lambda: secrets.token_hex(8),
    "bpchar": lambda: secrets.token_hex(1),
    "int2": lambda: secrets.randbelow(30_000) + 1,
    "int4": lambda: secrets.randbelow(2_000_000_000) + 1,
    "int8": lambda: secrets.randbelow(10**15) + 1,
    "float8": lambda: 1.5,
    "numeric": lambda: 1,
    "bool": lambda: False,
    "bytea": lambda: secrets.token_bytes(32),
    "json": lambda: Jsonb({}),
    "jsonb": lambda: Jsonb({}),
    "timestamp": datetime.now,
    "timestamptz": lambda: datetime.now(UTC),
    "date": lambda: datetime.now(UTC).date(),
    "interval": lambda: timedelta(hours=1),
    "inet": lambda: "127.0.0.1",
}
Row = dict[str, Any]


@dataclass(slots=True)
class Seeded:
    """What was put in: one row of each table for each tenant. `tenants` are the attacker and the victim."""

    tenants: tuple[UUID, UUID]
    rows: dict[tuple[str, UUID], Row] = field(default_factory=dict)


def seed(owner: Connection, found: dict[str, Table]) -> Seeded:
    """A committed row in every table for each of two tenants; raises OperationError for a type that it cannot make."""
    seeded = Seeded((uuid4(), uuid4()))
    planter = _Planter(owner, found, seeded)
    for tenant in seeded.tenants:
        for table in found.values():
            if not table.is_partition:
                planter.ensure(table, tenant)
    return seeded


def fresh(table: Table, tenant: UUID, like: Row) -> Row:
    """Another row of `table`: new values but for the tenant and the columns that refer to other rows."""
    referring = {column for key in table.foreign_keys for column in key.columns}
    made = {column.name: value_of(column, table) for column in table.columns}
    return made | {name: value for name, value in like.items() if name in referring} | _tenant_of(table, tenant)


def value_of(column: Column, table: Table) -> Any:
    """A value of the column's type, random where a key could want it different each time."""
    if column.is_array:
        return []
    if column.kind == "e":
        return column.label
    if column.type not in MAKERS:
        raise OperationError(
            f"The proof of isolation cannot make a value for {table.name}.{column.name} ({column.type}).",
            do="Teach MAKERS in ops/isolation/rows.py this type.",
        )
    return MAKERS[column.type]()


def insert(connection: Connection, table: Table, row: Row) -> None:
    """One row, in the transaction that `connection` is in."""
    name = sql.SQL(table.name)  # quoted by the catalogue query itself
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        name,
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    connection.execute(statement, list(row.values()))


@dataclass(slots=True)
class _Planter:
    """Puts rows in, as owner inside their tenant."""

    owner: Connection
    found: dict[str, Table]
    seeded: Seeded

    def ensure(self, table: Table, tenant: UUID, within: tuple[str, ...] = ()) -> Row:
        """The row of `table` for `tenant`, its parents made first. `within`: the tables that are being made already."""
        if (held := self.seeded.rows.get((table.name, tenant))) is not None:
            return held
        row: Row = {column.name: value_of(column, table) for column in table.columns} | _tenant_of(table, tenant)
        if table.name == "directory.tenants":
            row["id"] = tenant
        for key in sorted(table.foreign_keys, key=lambda key: len(key.columns)):
            row |= self._referring(table, tenant, key, row, within=within)
        with self.owner.transaction():
            self.owner.execute("select app.enter_tenant(%s)", [tenant])
            insert(self.owner, table, row)
        self.seeded.rows[table.name, tenant] = row
        return row

    def _referring(self, table: Table, tenant: UUID, key: ForeignKey, row: Row, *, within: tuple[str, ...]) -> Row:
        pairs = dict(zip(key.columns, key.parent_columns, strict=True))
        if key.parent == table.name:  # a row that is its own parent
            return {column: row[parent] for column, parent in pairs.items()}
        if key.parent in within:  # a circle of tables: its nullable side stays empty
            return {column: None for column in pairs if column != "tenant_id"}
        parent = self.ensure(self.found[key.parent], tenant, (*within, table.name))
        return {column: parent[there] for column, there in pairs.items()}


def _tenant_of(table: Table, tenant: UUID) -> Row:
    return {"tenant_id": tenant} if any(column.name == "tenant_id" for column in table.columns) else {}


def without_trace(connection: Connection, tenant: UUID, table: Table, row: Row) -> Exception | None:
    """Tries to insert `row` inside `tenant`; what the server said against it, or None. Undone either way."""
    import psycopg

    try:
        with inside(connection, tenant):
            insert(connection, table, row)
    except psycopg.Error as refusal:
        return refusal
    return None
