"""Sync runs as clients see them, and the jobs that carry a run forward."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from painelml.core.errors import Conflict, Text
from painelml.core.fields import Order
from painelml.core.wire import Moment

Scope = Literal["items", "orders", "questions", "messages"]
Trigger = Literal["connect", "manual", "schedule"]
RunStatus = Literal["running", "done", "failed", "cancelled"]
SCOPES: tuple[Scope, ...] = ("items", "orders", "questions", "messages")


class SyncAlreadyRunning(Conflict):
    """B022: one running sync for each account and scope."""

    code = "sync_already_running"
    title: ClassVar[Text] = {"pt-BR": "Sincronização em andamento", "en": "Sync in progress"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta conta já está sincronizando. Acompanhe em GET /ml-accounts/{account_id}/sync.",
        "en": "This account is syncing already. Follow it at GET /ml-accounts/{account_id}/sync.",
    }


class SyncRequest(Order):
    """What to bring in, and how many days back (orders and what follows them; items have no dates)."""

    scope: Scope | Literal["all"] = "all"
    days: Annotated[int, Field(ge=1, le=365, description="Mercado Livre keeps 12 months of orders.")] = 90


class SyncError(BaseModel):
    """`code` is stable; `resource` is what it happened to, where it was one thing."""

    code: str
    resource: str | None = None
    at: Moment


class Counters(BaseModel):
    """How many were processed so far."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    items: int = 0
    orders: int = 0
    shipments: int = 0
    questions: int = 0
    messages: int = 0
    claims: int = 0
    payments: int = 0
    charges: int = 0


class SyncRun(BaseModel):
    """One run. While `status` is running, counters and `page` move."""

    id: UUID
    account_id: UUID
    scope: Scope
    days: int
    trigger: Trigger
    status: RunStatus
    page: int
    processed: Counters
    errors: list[SyncError]
    started_at: Moment
    progressed_at: Moment
    finished_at: Moment | None


class SyncStatus(BaseModel):
    """An account's syncs now: the newest run of each scope."""

    running: bool
    runs: list[SyncRun]


class StartedRuns(BaseModel):
    """The runs that were started."""

    runs: list[SyncRun]


class StartJob(BaseModel):
    """Start a run of this scope, or revive one that stalled."""

    kind: Literal["sync_start"] = "sync_start"
    tenant_id: UUID
    account_id: UUID
    scope: Scope


class PageJob(BaseModel):
    """Do page `page` of a run."""

    kind: Literal["sync_page"] = "sync_page"
    tenant_id: UUID
    run_id: UUID
    page: int


class PageDone(BaseModel):
    """What a page changed: the cursor to go on from, what it processed, and whether it was the last."""

    cursor: dict[str, Any]
    processed: Counters = Counters()
    errors: list[SyncError] = Field(default_factory=list)
    finished: bool = False
