"""What the copy in the cache gives to whoever follows a sync: the status from its copy, against its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from painelml.core.db import tenant_session
from painelml.sync import live, service
from painelml.sync.models import SyncStatus
from tests.bench.result import Result, interleaved_ms
from tests.people import sign_up
from tests.platform import everything
from tests.sellers import connect

TIMES = 400


def run() -> Iterator[Result]:
    with TemporaryDirectory() as folder, everything(Path(folder)) as (_, sim):
        person = sign_up()
        tenant, account_id = person.caller.tenant_id, connect(person, sim, sim.seller())
        by_copy, by_rows = interleaved_ms(lambda: _copied(tenant, account_id), lambda: _read(tenant, account_id), times=TIMES)
    yield Result(
        name="sync.status",
        what="an account's sync status out of its copy in the cache, against its rows; both enter the tenant first",
        value=round(by_copy, 2),
        unit="ms",
        baseline=round(by_rows, 2),
        ratio=round(by_rows / by_copy, 2),
    )


def _copied(tenant: UUID, account_id: UUID) -> SyncStatus:
    with tenant_session(tenant) as session:
        copy = live.copy_of(session, account_id)
        if copy is None:  # its two seconds were over
            copy = service.status(session, account_id)
        return copy


def _read(tenant: UUID, account_id: UUID) -> SyncStatus:
    with tenant_session(tenant) as session:
        return service.read_status(session, account_id)
