"""What a table does when it is read, written, referred to and asked for its keys across tenants: nothing wrong if sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors as pg
from psycopg import sql

from ops.isolation import rows
from ops.isolation.catalogue import ForeignKey, Key, Table
from ops.isolation.rows import Row, Seeded
from ops.isolation.scratch import Connection, inside


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
