"""Asking for an export, looking at exports, and getting the files."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from painelml.core.clock import now
from painelml.core.config import config
from painelml.core.db import Row, TenantSession, home_session, tenant_session
from painelml.core.errors import NotFound
from painelml.core.ids import uuid7
from painelml.core.pages import Page, decode_id, page_of
from painelml.core.queues import send
from painelml.privacy import queries
from painelml.privacy.errors import ExportNotReady, ExportRunning
from painelml.privacy.models import Export, ExportJob, ExportLink, ExportLinks, ExportStatus

if TYPE_CHECKING:
    from painelml.core.caller import Caller

DIRECTORY = ""
"""The first part of an export is the directory's; its place sorts before every table's name."""
MANIFEST = "manifest.json"


def request_export(caller: Caller) -> Export:
    """Begins an export; raises ExportRunning. The job is sent after the row is there."""
    export_id = uuid7()
    with tenant_session(caller.tenant_id) as session:
        if not queries.add_export(session, export_id, user_id=caller.user_id, first_table=DIRECTORY, moment=now()):
            raise ExportRunning
        made = find(session, export_id)
    send_part(caller.tenant_id, export_id, 0)
    return made


def send_part(tenant_id: UUID, export_id: UUID, part: int) -> None:
    job = ExportJob(tenant_id=tenant_id, export_id=export_id, part=part)
    send(config().require("queue_jobs"), job.model_dump_json(), group=str(tenant_id))


def exports(session: TenantSession, *, limit: int, cursor: str | None) -> Page[Export]:
    """Newest first."""
    rows = queries.exports(session, before=decode_id(cursor), limit=limit + 1)
    return page_of([_export(row) for row in rows], limit, key=lambda export: [export.id])


def find(session: TenantSession, export_id: UUID) -> Export:
    return _export(_row(session, export_id))


def links(session: TenantSession, export_id: UUID) -> ExportLinks:
    """Raises NotFound, ExportNotReady."""
    from painelml.core import objects

    row = _row(session, export_id)
    if row["status"] != ExportStatus.DONE:
        raise ExportNotReady
    names = [MANIFEST, *(file["name"] for file in row["files"])]
    return ExportLinks(
        export=_export(row),
        expires_in=objects.LINK_SECONDS,
        links=[ExportLink(name=name, url=objects.link(key_of(session.tenant_id, export_id, name))) for name in names],
    )


def key_of(tenant_id: UUID, export_id: UUID, name: str) -> str:
    """Where a file of an export lies in the data bucket."""
    from painelml.core.objects import tenant_object

    return tenant_object(tenant_id, "exports", str(export_id), name)


def is_erased(tenant_id: UUID) -> bool:
    """Whether nothing may be done for this tenant any more."""
    with home_session(tenant_id) as session:
        return is_gone(session)


def is_gone(session: TenantSession) -> bool:
    """The same, inside its transaction."""
    return queries.is_erased(session)


def _row(session: TenantSession, export_id: UUID) -> Row:
    row = queries.export(session, export_id)
    if row is None:
        raise NotFound
    return row


def _export(row: Row) -> Export:
    return Export(
        id=row["id"],
        status=row["status"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        finished_at=row["finished_at"],
        files=len(row["files"]),
        rows=sum(file["rows"] for file in row["files"]),
        manifest_sha256=row["manifest_sha256"],
    )
