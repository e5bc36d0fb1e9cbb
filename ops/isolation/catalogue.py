"""What the catalogue says of tenant tables: columns, keys, foreign keys, policies, as values to plant faults in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, LiteralString

from psycopg.rows import dict_row

from ops.isolation.scratch import Connection

TABLES: LiteralString = """
select c.oid, format('%I.%I', n.nspname, c.relname) as name, n.nspname as schema, c.relispartition as is_partition,
    has_table_privilege('app', c.oid, 'select') as app_reads, has_table_privilege('app', c.oid, 'insert') as app_inserts
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('app', 'directory') and c.relkind in ('r', 'p')
order by 2
"""
COLUMNS: LiteralString = """
select a.attname as name, t.typname as type, t.typtype as kind, t.typelem <> 0 and t.typcategory = 'A' as is_array,
    (select min(e.enumlabel) from pg_enum e where e.enumtypid = t.oid) as label,
    not (a.attnotnull or d.typnotnull) as is_nullable, a.atthasdef as has_default,
    case when t.typname in ('varchar', 'bpchar') then nullif(greatest(a.atttypmod, d.typtypmod), -1) - 4 end as longest
from pg_attribute a
join pg_type d on d.oid = a.atttypid
join pg_type t on t.oid = case when d.typtype = 'd' then d.typbasetype else d.oid end
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum
"""
FOREIGN_KEYS: LiteralString = """
select c.conname as name, format('%%I.%%I', n.nspname, p.relname) as parent, pg_get_constraintdef(c.oid) as definition,
    array(select a.attname::text from unnest(c.conkey) with ordinality k (n, i)
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.n order by i) as columns,
    array(select a.attname::text from unnest(c.confkey) with ordinality k (n, i)
        join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.n order by i) as parent_columns
from pg_constraint c join pg_class p on p.oid = c.confrelid join pg_namespace n on n.oid = p.relnamespace
where c.contype = 'f' and c.conrelid = %s and c.conparentid = 0
order by 1
"""
KEYS: LiteralString = """
select x.relname as name, i.indisprimary as is_primary,
    i.indpred is not null or exists (
        select from unnest(i.indkey::smallint[]) k (n)
        left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n
        where k.n = 0 or a.attgenerated <> ''
    ) as is_partial,
    pg_get_indexdef(i.indexrelid) as definition, pg_get_constraintdef(c.oid) as constraint_definition,
    array(select a.attname::text from unnest(i.indkey::smallint[]) with ordinality k (n, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n
        where place <= i.indnkeyatts order by place) as columns
from pg_index i join pg_class x on x.oid = i.indexrelid
left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u') and c.conrelid = i.indrelid
where i.indrelid = %s and i.indisunique
order by 1
"""
POLICIES: LiteralString = "select polname::text from pg_policy where polrelid = %s order by 1"
DEFINERS: LiteralString = """
select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name,
    (select substring(s from '=(.*)$') from unnest(p.proconfig) s where s like 'search_path=%') as path
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'app' and p.prosecdef and has_function_privilege('app', p.oid, 'execute')
order by 1
"""
FINGERPRINT: LiteralString = """
select md5(string_agg(line, e'\n' order by line)) from (
    select format('%s %s %s %s', c.oid::regclass, c.relrowsecurity, c.relforcerowsecurity, (
            select string_agg(a.grantee || a.privilege_type, ' ' order by a.grantee || a.privilege_type)
            from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        )) from pg_class c
        where c.relnamespace in ('app'::regnamespace, 'directory'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
    union all select format('%s %s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid),
        pg_get_expr(polwithcheck, polrelid)) from pg_policy
    union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
        where connamespace in ('app'::regnamespace, 'directory'::regnamespace)
    union all select pg_get_indexdef(indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace in ('app'::regnamespace, 'directory'::regnamespace)
    union all select format('%s %s', oid::regprocedure, proconfig) from pg_proc where pronamespace = 'app'::regnamespace
) as lines (line)
"""


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is pg_type.typtype, `label` an enum's first label, `longest` how many characters a limited text holds."""

    name: str
    type: str
    kind: str
    is_array: bool
    label: str | None
    is_nullable: bool
    has_default: bool
    longest: int | None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    name: str
    parent: str
    definition: str
    columns: list[str]
    parent_columns: list[str]


@dataclass(frozen=True, slots=True)
class Key:
    """A unique index. `is_partial`: over some rows only, or over what is computed."""

    name: str
    is_primary: bool
    is_partial: bool
    definition: str
    constraint_definition: str | None
    columns: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of `app` (a tenant table) or of `directory`."""

    oid: int
    name: str
    schema: str
    is_partition: bool
    app_reads: bool
    app_inserts: bool
    columns: list[Column] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)

    def is_implied(self, key: ForeignKey) -> bool:
        """Whether a wider foreign key, always filled in, refuses all that `key` refuses."""
        required = {column.name for column in self.columns if not column.is_nullable}
        return any(set(key.columns) < set(other.columns) <= required for other in self.foreign_keys)


def tables(connection: Connection) -> dict[str, Table]:
    """Every table of both schemas, by qualified name."""
    found: dict[str, Table] = {}
    for row in _rows(connection, TABLES):
        table = Table(
            **row,
            columns=[Column(**told) for told in _rows(connection, COLUMNS, row["oid"])],
            foreign_keys=[ForeignKey(**told) for told in _rows(connection, FOREIGN_KEYS, row["oid"])],
            keys=[Key(**told) for told in _rows(connection, KEYS, row["oid"])],
            policies=[told["polname"] for told in _rows(connection, POLICIES, row["oid"])],
        )
        found[table.name] = table
    return found


def tenant_tables(found: dict[str, Table]) -> list[Table]:
    """Every table of schema app is one."""
    return [table for table in found.values() if table.schema == "app"]


def definers(connection: Connection) -> list[tuple[str, str]]:
    """The SECURITY DEFINER functions that app may call, with their fixed search_path."""
    return [(row["name"], _empty_as_text(row["path"])) for row in _rows(connection, DEFINERS)]


def _empty_as_text(path: str | None) -> str:
    """An empty search_path is kept as two double quotes, which `set` does not take back."""
    return "''" if path in (None, "", '""') else str(path)


def fingerprint(connection: Connection) -> str:
    """One value for all that isolation rests on; the same before and after a fault was planted and taken back."""
    row = connection.execute(FINGERPRINT).fetchone()
    return str(row[0]) if row else ""


def _rows(connection: Connection, query: LiteralString, *params: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, list(params) or None).fetchall()
