"""Rows for any table of the schema, made from the catalogue alone: two tenants' worth, parents before children."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ops.errors import OperationError
from ops.isolation.catalogue import Column, ForeignKey, Table
from ops.isolation.scratch import Connection, inside


def _number(most: int) -> Callable[[], int]:
    return lambda: secrets.randbelow(most) + 1


def _moment() -> datetime:
    return datetime.now(UTC) - timedelta(microseconds=secrets.randbelow(86_400_000_000))


# Values that differ each time, where the type has enough of them for keys. Text is cast by the server to what the column is.
MAKERS: dict[str, Callable[[], Any]] = {
    "uuid": uuid4,
    "text": lambda: secrets.token_hex(8),
    "citext": lambda: secrets.token_hex(8),
    "varchar": lambda: secrets.token_hex(8),
    "bpchar": lambda: secrets.token_hex(8),
    "name": lambda: secrets.token_hex(8),
    "int2": _number(30_000),
    "int4": _number(2_000_000_000),
    "int8": _number(10**15),
    "oid": _number(2_000_000_000),
    "float4": _number(1_000_000),
    "float8": _number(10**15),
    "numeric": _number(10**4),
    "money": _number(10**6),
    "bytea": lambda: secrets.token_bytes(32),
    "timestamp": lambda: _moment().replace(tzinfo=None),
    "timestamptz": _moment,
    "date": lambda: _moment().date() - timedelta(days=secrets.randbelow(20_000)),
    "time": lambda: _moment().time(),
    "interval": lambda: timedelta(seconds=secrets.randbelow(10**9)),
    "inet": lambda: f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}",
    "cidr": lambda: f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}/32",
    "macaddr": lambda: secrets.token_hex(6),
}
CONSTANTS: dict[str, Any] = {"bool": False, "char": "x", "json": Jsonb({}), "jsonb": Jsonb({}), "tsvector": "x", "xml": "<x/>"}
OF_KIND = {"r": "empty", "m": "{}"}
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
    return _made(table) | {name: value for name, value in like.items() if name in referring} | _tenant_of(table, tenant)


def has_room(table: Table) -> bool:
    """Whether a tenant may hold many rows: each key of whole rows has a column that differs each time."""
    wide = {
        column.name for column in table.columns if column.type in MAKERS and not column.is_array and column.name != "tenant_id"
    }
    return all(wide & set(key.columns) for key in table.keys if not key.is_partial)


def _made(table: Table) -> Row:
    """A column whose type nobody knows is left to its default."""
    made = {column.name: value_of(column, table) for column in table.columns}
    return {name: value for name, value in made.items() if value is not Default}


class Default:
    """In place of a value: the column's own default."""


def value_of(column: Column, table: Table) -> Any:
    """A value of the column's type, random where a key could want it different each time; raises OperationError."""
    if column.type in MAKERS and not column.is_array:
        made = MAKERS[column.type]()
        return made[: column.longest] if column.longest else made
    if column.is_array or column.kind == "e":
        return [] if column.is_array else column.label
    constant = CONSTANTS.get(column.type, OF_KIND.get(column.kind))
    if constant is not None:
        return constant
    if column.has_default or column.is_nullable:
        return Default if column.has_default else None
    raise OperationError(
        f"The proof of isolation cannot make a value for {table.name}.{column.name} ({column.type}).",
        do="Teach MAKERS in ops/isolation/rows.py this type.",
    )


def insert(connection: Connection, table: Table, row: Row, arbiter: list[str] | None = None) -> None:
    """One row, in the transaction that `connection` is in; left out where the key of the columns `arbiter` has it already."""
    name = sql.SQL(table.name)  # quoted by the catalogue query itself
    statement = sql.SQL("insert into {} ({}) overriding system value values ({})").format(
        name,
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    if arbiter:
        columns = sql.SQL(", ").join(map(sql.Identifier, arbiter))
        statement += sql.SQL(" on conflict ({}) do nothing").format(columns)
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
        row: Row = _made(table) | _tenant_of(table, tenant)
        if table.name == "directory.tenants":
            row["id"] = tenant
        for key in sorted(table.foreign_keys, key=lambda key: (key.parent == table.name, len(key.columns))):
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
            return {column.name: None for column in table.columns if column.name in pairs and column.is_nullable}
        parent = self.ensure(self.found[key.parent], tenant, (*within, table.name))
        return {column: parent[there] for column, there in pairs.items()}


def _tenant_of(table: Table, tenant: UUID) -> Row:
    return {"tenant_id": tenant} if any(column.name == "tenant_id" for column in table.columns) else {}


def update_without_trace(connection: Connection, tenant: UUID, table: Table, where: Row, changes: Row) -> Exception | None:
    """The same for a change of the rows that hold what `where` says."""

    def equal(row: Row, between: str) -> sql.Composed:
        return sql.SQL(between).join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in row)

    statement = sql.SQL("update {} set {} where {}").format(sql.SQL(table.name), equal(changes, ", "), equal(where, " and "))
    return _refusal(connection, tenant, lambda: connection.execute(statement, [*changes.values(), *where.values()]))


def without_trace(
    connection: Connection, tenant: UUID, table: Table, row: Row, *, arbiter: list[str] | None = None
) -> Exception | None:
    """Tries to insert `row` inside `tenant`; what the server said against it, or None. Undone either way."""
    return _refusal(connection, tenant, lambda: insert(connection, table, row, arbiter))


def _refusal(connection: Connection, tenant: UUID, act: Callable[[], object]) -> Exception | None:
    try:
        with inside(connection, tenant):
            act()
    except psycopg.Error as refusal:
        return refusal
    return None
