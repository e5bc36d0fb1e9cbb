"""The function table as data: what starts each function, how big it is, and everything that it may reach.

One row per folder under lambdas/ (docs/architecture.md §2). Environment variables, permissions, routes, mappings and
schedules are all derived from these rows, so that a need which is not written here is a need that nobody is granted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class QueueName(StrEnum):
    """The queues between intake and workers; the value is the name's suffix."""

    WEBHOOKS = "webhooks"
    PAYMENTS = "payments"
    JOBS = "jobs"
    OUTGOING_TEXT = "outgoing-text"


class Purpose(StrEnum):
    """What a secret is for; the value is its key in the secret's JSON and in its name."""

    JWT = "jwt"
    ENCRYPTION = "encryption"
    WEBHOOKS = "webhooks"
    MERCADO_LIVRE = "mercado_livre"
    STRIPE = "stripe"


class Parameter(StrEnum):
    """SSM parameters below `/painelml/{env}/`."""

    JWKS = "jwks"
    API_URL = "api_url"
    WEB_URL = "web_url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path below `/v1`, without slashes at its ends. `below` adds `{proxy+}`, `itself` the bare path."""

    path: str
    itself: bool = True
    below: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """An SQS event source: most records of one invocation, and the longest wait for them to gather, in seconds."""

    queue: QueueName
    size: int
    window_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One function. Times in seconds, memory in MiB. `inspects` = may read the queue's attributes, nothing else.

    `reads_data`, `writes_data` and `erases_data` are patterns of keys in the data bucket.
    `directory_only` = what it reads in the database is the directory's: it enters no tenant, and so no silo.
    `mail` = may send letters through SES, from the environment's sender.

    `schedule` is an EventBridge expression. `hot` functions get provisioned concurrency where the profile has some.
    """

    name: str
    summary: str
    timeout_seconds: int
    memory_mib: int = 512
    database: bool = False
    directory_only: bool = False
    owner: bool = False
    cache: bool = False
    mail: bool = False
    secrets: tuple[Purpose, ...] = ()
    writes_secrets: tuple[Purpose, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    writes_parameters: tuple[Parameter, ...] = ()
    reads_data: tuple[str, ...] = ()
    writes_data: tuple[str, ...] = ()
    erases_data: tuple[str, ...] = ()
    sends: tuple[QueueName, ...] = ()
    inspects: tuple[QueueName, ...] = ()
    routes: tuple[Route, ...] = ()
    batch: Batch | None = None
    schedule: str | None = None
    hot: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_seconds <= 900:
            raise ValueError(f"Function {self.name}: a timeout is 1 to 900 seconds, not {self.timeout_seconds}.")
        if self.routes and self.timeout_seconds > 29:
            raise ValueError(f"Function {self.name}: API Gateway gives up after 29 s; lower the timeout.")

    @property
    def uses_data(self) -> bool:
        return bool(self.reads_data or self.writes_data or self.erases_data)

    @property
    def enters_silos(self) -> bool:
        """A tenant's rows may be in a database of its own, wherever the pool's are."""
        return self.database and not self.directory_only

    @property
    def in_vpc(self) -> bool:
        """Only what talks to the database or the cache pays for an address in the network."""
        return self.database or self.cache


EXPORTS = "tenants/*/exports/*"
ANCHORS = "anchors/*"
TOMBSTONES = "tombstones/*"
MERCADO_LIVRE_CALLER = (Purpose.MERCADO_LIVRE, Purpose.ENCRYPTION)

AUTHORIZER = FunctionSpec(
    name="authorizer",
    summary="Who is calling: a signed token or an API key becomes a tenant, a user and their rights.",
    timeout_seconds=10,
    database=True,  # for API keys only: a signed token is proved without it (docs/decisions/0041)
    directory_only=True,
    parameters=(Parameter.JWKS,),
    hot=True,
)

API_FUNCTIONS = (
    FunctionSpec(
        name="auth",
        summary="Sign-up, sign-in, refresh, sign-out, and who am I.",
        timeout_seconds=29,
        memory_mib=1024,  # argon2id wants CPU, which Lambda gives by memory
        database=True,
        cache=True,
        secrets=(Purpose.JWT, Purpose.ENCRYPTION),
        parameters=(Parameter.JWKS,),
        sends=(QueueName.JOBS,),
        routes=(
            Route(path="auth", itself=False, below=True, public=True),
            Route(path=".well-known", itself=False, below=True, public=True),
            # Exact beside the public proxy: API Gateway takes the more exact of two.
            Route(path="auth/switch-tenant"),
            Route(path="me"),
        ),
    ),
    FunctionSpec(
        name="recovery",
        summary="Ways back in: forgotten passwords, proofs of an e-mail, invitations accepted.",
        timeout_seconds=29,
        memory_mib=1024,
        database=True,
        cache=True,
        secrets=(Purpose.ENCRYPTION,),
        sends=(QueueName.JOBS,),
        routes=tuple(
            Route(path=f"auth/{name}", public=True)
            for name in ("forgot-password", "reset-password", "verify-email", "accept-invitation")
        ),
    ),
    FunctionSpec(
        name="account",
        summary="One's own account: password, e-mail, sessions, second factor.",
        timeout_seconds=29,
        memory_mib=1024,
        database=True,
        cache=True,
        secrets=(Purpose.ENCRYPTION,),
        sends=(QueueName.JOBS,),
        routes=(
            Route(path="auth/sessions", below=True),
            Route(path="auth/logout-all"),
            Route(path="auth/totp", below=True),
            Route(path="me/password"),
            Route(path="me/email"),
        ),
    ),
    FunctionSpec(
        name="access",
        summary="Who else may enter a tenant: invitations of people, API keys of programs.",
        timeout_seconds=29,
        database=True,
        secrets=(Purpose.ENCRYPTION,),
        sends=(QueueName.JOBS,),
        routes=(Route(path="invitations", below=True), Route(path="api-keys", below=True)),
    ),
    FunctionSpec(
        name="tenants",
        summary="The tenant and its people.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="tenant", below=True), Route(path="settings"), Route(path="users", below=True)),
    ),
    FunctionSpec(
        name="branding",
        summary="How a tenant looks, for itself and before anyone has signed in.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="branding"), Route(path="branding/public", public=True)),
    ),
    FunctionSpec(
        name="billing",
        summary="Plans and prices for everyone; a tenant's own subscription.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="billing/plans", public=True), Route(path="billing/subscription")),
    ),
    FunctionSpec(
        name="records",
        summary="The audit log, and the tenant's own copy of its data.",
        timeout_seconds=29,
        database=True,
        sends=(QueueName.JOBS,),
        reads_data=(EXPORTS,),
        routes=(Route(path="audit-log"), Route(path="tenant/export"), Route(path="tenant/exports", below=True)),
    ),
    FunctionSpec(
        name="platform",
        summary="All tenants, for the platform's own people.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="admin", itself=False, below=True),),
    ),
    FunctionSpec(
        name="connect",
        summary="Connecting a Mercado Livre account: to the consent page, and back from it.",
        timeout_seconds=29,
        database=True,
        cache=True,
        secrets=MERCADO_LIVRE_CALLER,
        parameters=(Parameter.API_URL, Parameter.WEB_URL),
        sends=(QueueName.JOBS,),
        routes=(Route(path="ml-accounts/connect"), Route(path="ml-accounts/callback", public=True)),
    ),
    FunctionSpec(
        name="marketplace",
        summary="Mercado Livre accounts: list, disconnect, synchronise.",
        timeout_seconds=29,
        database=True,
        cache=True,
        secrets=MERCADO_LIVRE_CALLER,
        sends=(QueueName.JOBS,),
        routes=(Route(path="ml-accounts", below=True), Route(path="sync-runs", below=True)),
    ),
    FunctionSpec(
        name="sales",
        summary="Items and orders of the tenant.",
        timeout_seconds=29,
        database=True,
        cache=True,
        sends=(QueueName.JOBS,),
        routes=(Route(path="items", below=True), Route(path="orders", below=True)),
        hot=True,
    ),
    FunctionSpec(
        name="health",
        summary="Alive, and ready: database, cache and queue answer.",
        timeout_seconds=10,
        database=True,
        directory_only=True,
        cache=True,
        inspects=(QueueName.JOBS,),
        routes=(Route(path="health", public=True), Route(path="ready", public=True)),
    ),
    FunctionSpec(
        name="webhook_intake",
        summary="Signed webhooks: verify over the raw bytes, enqueue, answer.",
        timeout_seconds=10,
        secrets=(Purpose.STRIPE,),
        sends=(QueueName.PAYMENTS,),
        routes=(Route(path="webhooks/stripe", public=True),),
    ),
)

WORKERS = (
    FunctionSpec(
        name="webhook_worker",
        summary="Routes Mercado Livre's notifications to tenants and coalesces them into jobs.",
        timeout_seconds=15,
        database=True,
        secrets=(Purpose.WEBHOOKS, Purpose.MERCADO_LIVRE),
        sends=(QueueName.WEBHOOKS, QueueName.JOBS),
        batch=Batch(queue=QueueName.WEBHOOKS, size=10, window_seconds=0),
    ),
    FunctionSpec(
        name="payments_worker",
        summary="Applies payment events to subscriptions and revenue.",
        timeout_seconds=30,
        database=True,
        directory_only=True,
        sends=(QueueName.PAYMENTS,),
        batch=Batch(queue=QueueName.PAYMENTS, size=10, window_seconds=0),
    ),
    FunctionSpec(
        name="sync_worker",
        summary="One page of a sync, one resource to fetch again, or one letter, per message.",
        timeout_seconds=60,
        database=True,
        cache=True,
        mail=True,
        secrets=MERCADO_LIVRE_CALLER,
        parameters=(Parameter.WEB_URL,),
        sends=(QueueName.JOBS,),
        writes_data=(EXPORTS,),
        # A page takes seconds of someone else's API: few per invocation, so that a slow one delays few others.
        batch=Batch(queue=QueueName.JOBS, size=5, window_seconds=0),
    ),
)

SCHEDULED = (
    FunctionSpec(
        name="sync_dispatcher",
        summary="Finds accounts that are due and queues one job for each scope.",
        timeout_seconds=300,
        database=True,
        directory_only=True,
        sends=(QueueName.JOBS,),
        schedule="rate(30 minutes)",
    ),
    FunctionSpec(
        name="token_refresh",
        summary="Renews access tokens before they expire.",
        timeout_seconds=300,
        database=True,
        secrets=MERCADO_LIVRE_CALLER,
        schedule="rate(1 hour)",
    ),
    FunctionSpec(
        name="missed_feeds",
        summary="Asks Mercado Livre for the notifications that it could not deliver.",
        timeout_seconds=300,
        database=True,
        secrets=MERCADO_LIVRE_CALLER,
        sends=(QueueName.JOBS,),
        schedule="rate(15 minutes)",
    ),
    FunctionSpec(
        name="cleanup",
        summary="Removes expired sessions and what else has outlived its purpose.",
        timeout_seconds=300,
        database=True,
        writes_data=(ANCHORS,),
        schedule="cron(30 6 * * ? *)",  # after the backup (03:00 UTC) and the maintenance window (04:00-05:00 UTC)
    ),
)

OPERATIONS = FunctionSpec(
    name="operations",
    summary="Migrations and the command line's verbs, inside the network, with the owner's credentials.",
    timeout_seconds=900,
    memory_mib=1024,
    database=True,
    owner=True,
    cache=True,
    secrets=tuple(Purpose),
    writes_secrets=(Purpose.JWT, Purpose.ENCRYPTION, Purpose.WEBHOOKS),
    parameters=tuple(Parameter),
    writes_parameters=(Parameter.JWKS,),
    reads_data=(ANCHORS, TOMBSTONES),
    writes_data=(ANCHORS, TOMBSTONES),
    erases_data=("tenants/*", "static/whitelabel/*"),
    sends=(QueueName.JOBS,),
)

# The consumer of outgoing text arrives with the inbox; its queue is sized for it already.
OUTGOING_TEXT_TIMEOUT_SECONDS = 30


def all_functions() -> Iterator[FunctionSpec]:
    """Every row of the table, API first."""
    yield AUTHORIZER
    yield from API_FUNCTIONS
    yield from WORKERS
    yield from SCHEDULED
    yield OPERATIONS


def consumer_timeout_seconds(queue: QueueName) -> int:
    """The timeout of the function that reads `queue`: its visibility timeout is six times that."""
    for spec in WORKERS:
        if spec.batch and spec.batch.queue is queue:
            return spec.timeout_seconds
    return OUTGOING_TEXT_TIMEOUT_SECONDS
