"""What row-level security costs: the same point read in a transaction, with the policy and without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg

from tests.bench.result import Result, interleaved_ms
from tests.servers import Database, make_database

TENANTS, ROWS_EACH, TIMES = 200, 500, 2_000
SETUP = """
create table app.bench_rls (tenant_id uuid not null, id bigint not null, total bigint not null, primary key (tenant_id, id));
create table app.bench_plain (tenant_id uuid not null, id bigint not null, total bigint not null, primary key (tenant_id, id));
call directory.make_tenant_table('app.bench_rls');
grant select on app.bench_plain to app;
"""


def run() -> Iterator[Result]:
    with TemporaryDirectory() as folder:
        database = make_database(Path(folder) / "postgres")
        tenant = _filled(database)
        with psycopg.connect(database.app_url, autocommit=True, prepare_threshold=None) as connection:

            @contextmanager
            def entered() -> Iterator[None]:
                with connection.transaction():
                    connection.execute("select app.enter_tenant(%s)", [tenant])
                    yield

            def guarded() -> None:
                with entered():
                    connection.execute(
                        "select total from app.bench_rls where tenant_id = %s and id = %s", [tenant, 7]
                    ).fetchone()

            def plain() -> None:
                with connection.transaction():
                    connection.execute(
                        "select total from app.bench_plain where tenant_id = %s and id = %s", [tenant, 7]
                    ).fetchone()

            ours, baseline = interleaved_ms(guarded, plain, times=TIMES)
    yield Result(
        name="rls.transaction",
        what="a point read inside its tenant (enter_tenant, policy, predicate) against the same read without either, p50",
        value=round(ours, 3),
        unit="ms",
        baseline=round(baseline, 3),
        ratio=round(baseline / ours, 2),
        goal="at most 0.5 ms more",
        holds=ours - baseline <= 0.5,
    )


def _filled(database: Database) -> str:
    tenants = [str(uuid4()) for _ in range(TENANTS)]
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        admin.execute("set role owner")
        admin.execute(SETUP)
        admin.execute("reset role")
        for table in ("app.bench_rls", "app.bench_plain"):
            admin.execute(
                f"insert into {table} select t, g, g * 100 from unnest(%s::uuid[]) t, generate_series(1, %s) g",
                [tenants, ROWS_EACH],
            )
            admin.execute(f"analyze {table}")
    return tenants[0]
