"""Exports, receipts of erasures, and the job that writes an export."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from painelml.core.wire import Moment


class ExportStatus(StrEnum):
    """`expired`: its files were kept for thirty days and are gone."""

    RUNNING = "running"
    DONE = "done"
    EXPIRED = "expired"


class ExportFile(BaseModel):
    """One file of JSON Lines. `sha256` is hexadecimal."""

    table: str
    name: str
    rows: int
    bytes: int
    sha256: str


class Export(BaseModel):
    """An export of all that we hold. `manifest_sha256` is null until it is done."""

    id: UUID
    status: ExportStatus
    requested_by: UUID
    requested_at: Moment
    finished_at: Moment | None
    files: int
    rows: int
    manifest_sha256: str | None


class ExportLink(BaseModel):
    """Where a file can be fetched for a quarter of an hour."""

    name: str
    url: str


class ExportLinks(BaseModel):
    """The manifest first. `expires_in` is in seconds."""

    export: Export
    expires_in: int
    links: list[ExportLink]


class ExportJob(BaseModel):
    """Write the export's file number `part`, and those after it."""

    kind: Literal["export"] = "export"
    tenant_id: UUID
    export_id: UUID
    part: int


class Receipt(BaseModel):
    """What an erasure removed: rows by table, and objects and cache keys by number. `sha256` is of the rest, as sorted JSON."""

    tenant_id: UUID
    erased_at: Moment
    rows: dict[str, int]
    objects: int
    cache_keys: int
    sha256: str = ""
