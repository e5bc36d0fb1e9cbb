"""What a row of the function table says: what starts a function, how big it is, and everything that it may reach."""

from __future__ import annotations

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
