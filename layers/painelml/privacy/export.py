"""Writing an export, a file at a time, so that neither its size nor a lost worker matters.

A file is put under its number while the export's row is locked, and only then counted: a message that comes twice writes the
same file again or finds it counted. Each file is read in one transaction; the whole is no single moment's picture.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from painelml.audit import AuditEvent, record
from painelml.core import objects
from painelml.core.clock import now, rfc3339
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.privacy import queries
from painelml.privacy.models import ExportFile, ExportJob, ExportStatus
from painelml.privacy.service import DIRECTORY, MANIFEST, key_of, send_part

ROWS_PER_FILE = 2000
SECONDS_PER_MESSAGE = 20
TAGS = {"kind": "export"}  # the bucket's life-cycle rule goes by it
JSON_LINES = "application/x-ndjson"


def work(job: ExportJob, *, seconds: float = SECONDS_PER_MESSAGE) -> None:
    """Writes files until the export is done or the time is up; then another message goes on."""
    until = time.monotonic() + seconds
    part: int | None = job.part
    while part is not None:
        part = _write_part(job, part)
        if part is not None and time.monotonic() >= until:
            send_part(job.tenant_id, job.export_id, part)
            return


def _write_part(job: ExportJob, part: int) -> int | None:
    """Writes file number `part`; the number of the next one to write, None where this message has nothing more to do."""
    with tenant_session(job.tenant_id) as session:
        held = queries.hold_export(session, job.export_id)
        if held is None or held["status"] != ExportStatus.RUNNING or part > held["part"]:
            return None
        if part < held["part"]:
            # Done before, but the message that goes on may have been lost with its sender.
            return int(held["part"])
        tables = queries.tenant_tables(session)
        table = held["table_name"]
        place, lines = _page(session, table, held["place"])
        files = [_put(job, part, table, lines)] if lines else []
        following = table if place is not None else next((row["name"] for row in tables if row["name"] > table), None)
        queries.turn_export(
            session, job.export_id, table=following or table, place=place, files=[file.model_dump() for file in files]
        )
        if following is None:
            _finish(session, job, [*held["files"], *(file.model_dump() for file in files)], tables)
            return None
    return part + 1


def _page(session: TenantSession, table: str, after: list[Any] | None) -> tuple[list[Any] | None, list[dict[str, Any]]]:
    """The rows of a file, and the key to go on from; None where the table ends."""
    if table == DIRECTORY:
        return None, [row["line"] for row in queries.export_directory(session)]
    rows = queries.export_rows(session, table, after=after, limit=ROWS_PER_FILE)
    return rows[-1]["place"] if len(rows) == ROWS_PER_FILE else None, [row["line"] for row in rows]


def _put(job: ExportJob, part: int, table: str, lines: list[dict[str, Any]]) -> ExportFile:
    body = "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines).encode()
    name = f"{part:05d}-{table or 'directory'}.jsonl"
    objects.put(key_of(job.tenant_id, job.export_id, name), body, content_type=JSON_LINES, tags=TAGS)
    return ExportFile(
        table=table or "directory", name=name, rows=len(lines), bytes=len(body), sha256=hashlib.sha256(body).hexdigest()
    )


def _finish(session: TenantSession, job: ExportJob, files: list[dict[str, Any]], tables: list[Row]) -> None:
    moment = now()
    manifest = {
        "tenant_id": str(job.tenant_id),
        "export_id": str(job.export_id),
        "finished_at": rfc3339(moment),
        "tables": [
            {
                "table": name,
                "rows": sum(file["rows"] for file in files if file["table"] == name),
                "withheld_columns": withheld,
                "files": [file for file in files if file["table"] == name],
            }
            for name, withheld in [("directory", []), *((row["name"], row["withheld"]) for row in tables)]
        ],
    }
    body = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    digest = hashlib.sha256(body).hexdigest()
    objects.put(key_of(job.tenant_id, job.export_id, MANIFEST), body, content_type="application/json", tags=TAGS)
    queries.finish_export(session, job.export_id, manifest_sha256=digest, moment=moment)
    rows = sum(file["rows"] for file in files)
    record(session, AuditEvent.EXPORTED, subject=str(job.export_id), details={"rows": rows, "manifest_sha256": digest})
