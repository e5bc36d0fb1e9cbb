"""Sync runs as clients see them, and the jobs that carry a run forward."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from painelml.core.errors import Conflict, Text
from painelml.core.fields import Order
from painelml.core.wire import Moment

Scope = Literal["items", "orders", "shipments", "seller", "reconcile"]
Trigger = Literal["connect", "manual", "schedule"]
RunStatus = Literal["running", "paused", "done", "failed", "cancelled"]
SCOPES: tuple[Scope, ...] = ("items", "orders", "shipments", "seller")
"""What a sync brings in."""
SCHEDULED: tuple[Scope, ...] = (*SCOPES, "reconcile")
"""What is started without anybody asking."""


class SyncAlreadyRunning(Conflict):
    """B022: one running sync for each account and scope."""

    code = "sync_already_running"
    title: ClassVar[Text] = {"pt-BR": "Sincronização em andamento", "en": "Sync in progress"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta conta já está sincronizando. Acompanhe em GET /ml-accounts/{account_id}/sync.",
        "en": "This account is syncing already. Follow it at GET /ml-accounts/{account_id}/sync.",
    }


class RunOver(Conflict):
    """The run has ended: `run_status` says how."""

    code = "sync_run_over"
    title: ClassVar[Text] = {"pt-BR": "Sincronização encerrada", "en": "Sync over"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta sincronização já terminou ({run_status}). Comece outra em POST /ml-accounts/{account_id}/sync.",
        "en": "This sync has ended ({run_status}). Start another with POST /ml-accounts/{account_id}/sync.",
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


class Progress(BaseModel):
    """An estimate: Mercado Livre says how many there are, which may change while they are read. Null where it does not say."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    done: int
    expected: int | None = None
    percent: int | None = None


class Findings(BaseModel):
    """What a comparison with Mercado Livre found, in orders that were updated in its windows.

    `missing` were not here, `stale` were older here, and `repaired` of both are right now. `unlisted` are here and not in
    Mercado Livre's list: each is read again by its id.
    """

    theirs: int = 0
    ours: int = 0
    missing: int = 0
    stale: int = 0
    unlisted: int = 0
    repaired: int = 0


class SyncRun(BaseModel):
    """One run. While `status` is running, counters, `progress` and `page` move; a paused one keeps its place."""

    id: UUID
    account_id: UUID
    scope: Scope
    days: int
    trigger: Trigger
    status: RunStatus
    page: int
    processed: Counters
    progress: Progress
    errors: list[SyncError]
    started_at: Moment
    progressed_at: Moment
    finished_at: Moment | None


class SyncStatus(BaseModel):
    """An account's syncs now: the newest run of each scope. `running` says that one of them is, and not paused."""

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
    """What a page changed: the cursor to go on from, what it processed, and whether it was the last.

    `expected`: how many Mercado Livre says there are for the whole run, None where it does not say.
    """

    cursor: dict[str, Any]
    processed: Counters = Counters()
    errors: list[SyncError] = Field(default_factory=list)
    finished: bool = False
    expected: int | None = None


class Reconciliation(BaseModel):
    """One comparison of an account's orders with Mercado Livre's. `left` could not be put right: 0 says nothing is missing."""

    id: UUID
    account_id: UUID
    days: int
    trigger: Trigger
    status: RunStatus
    found: Findings
    left: int
    errors: list[SyncError]
    started_at: Moment
    progressed_at: Moment
    finished_at: Moment | None


class ReconciliationRequest(Order):
    """How many days back to compare, at most as far as syncs have brought in."""

    days: Annotated[int, Field(ge=1, le=365)] = 14


class Completeness(BaseModel):
    """Whether an account has everything: `missing` orders after its last comparison, null before the first has ended.

    `since` is the earliest moment that was brought in; a full check compares from there on.
    """

    account_id: UUID
    missing: int | None
    since: Moment | None
    last_check_at: Moment | None
    last_full_check_at: Moment | None


class NothingToCompare(Conflict):
    """No sync of orders has ended yet."""

    code = "nothing_to_compare"
    title: ClassVar[Text] = {"pt-BR": "Ainda não há o que conferir", "en": "Nothing to compare yet"}
    detail: ClassVar[Text] = {
        "pt-BR": "A primeira sincronização de pedidos desta conta não terminou. Veja GET /ml-accounts/{account_id}/sync.",
        "en": "The first sync of this account's orders has not ended. Follow it at GET /ml-accounts/{account_id}/sync.",
    }
