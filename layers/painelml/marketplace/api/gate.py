"""What every call to Mercado Livre passes first: our own limits, fairness among sellers, and a circuit breaker (decision 0047).

One state for all processes, in Valkey, by application and endpoint class. Who has to wait a moment waits here; who would
have to wait longer is told for how long (HeldBack), so that a worker puts its message off. Without Valkey each process has
a small allowance and a breaker of its own: slow, not open.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from painelml.core import metrics
from painelml.core.cache import cache, outage
from painelml.core.config import config
from painelml.core.gcra import InProcess
from painelml.core.observability import logger
from painelml.core.secrets import secret
from painelml.marketplace.api import endpoints
from painelml.marketplace.api.endpoints import Endpoint
from painelml.marketplace.api.gate_scripts import ASK, TELL
from painelml.marketplace.errors import HeldBack, MarketplaceBusy, OutcomeUnknown

MICRO = 1_000_000
MINUTE, HOUR = 60, 3_600

PATIENCE_SECONDS = 3.0
"""How long a call waits here for its turn; with the timeouts still well under the 30 s that a transaction may wait."""
LATE_SECONDS = 2
"""Calls arrive a little later than they pass: the rate is spread over so much more, so that no minute holds too many."""
BURST = 10  # a tenth of a period's calls may come at once, the rest evenly

BACKGROUND_SHARE = 0.5
WAITING_SECONDS = 5
RECOVERY_PER_SECOND = 0.01  # of the whole rate: a halved class is whole again after 50 s
CUT_EVERY_SECONDS = 1
LEAST_FACTOR = 0.05

FAILURES = 5
COUNTED_SECONDS = 30
FIRST_OPEN_SECONDS, LONGEST_OPEN_SECONDS = 5, 300
PROBE_SECONDS = 15
BLOCKED_SECONDS = 900
LIFE_MS = 2 * HOUR * 1000

LOCAL_SHARE = 40
"""Without Valkey a process may make one in forty of a class's calls, twice as many in its first minute: about twenty processes
together stay below the class's rate."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A rate as GCRA counts it: one call each `interval` seconds, and `burst` of them at once."""

    interval: float
    burst: int

    @classmethod
    def of(cls, calls: int, period: int) -> Lane:
        """Never more than `calls` in any `period` seconds."""
        burst = max(1, calls // BURST)
        interval = (period + LATE_SECONDS) / max(1, calls - burst)
        return cls(interval, burst)

    @property
    def tolerance(self) -> float:
        return self.interval * self.burst

    def micros(self) -> tuple[int, int]:
        """Interval and tolerance in whole µs, the one a multiple of the other."""
        return _micros(self.interval), _micros(self.interval) * self.burst


@dataclass(frozen=True, slots=True)
class Passage:
    """Leave to make one call. `probe` says whose half-open circuit it tries: 1 the class's, 2 the application's, 3 both."""

    endpoint: Endpoint
    probe: int = 0
    shared: bool = True


@contextmanager
def passing(endpoint: Endpoint, *, seller_id: int = 0, background: bool = False) -> Generator[None]:
    """The call inside has leave to be made, and what came of it is remembered. Raises HeldBack instead of passing late."""
    passage = _wait_for(endpoint, seller_id, background)
    try:
        yield
    except (MarketplaceBusy, OutcomeUnknown) as trouble:
        _tell(passage, trouble.strain or "answered", getattr(trouble, "retry_after", None) or 0)
        raise
    except Exception:
        _tell(passage, "answered")  # a refusal is an answer: Mercado Livre is well
        raise
    else:
        _tell(passage, "answered")


def is_application_blocked() -> bool:
    """Whether Mercado Livre blocks our whole application, as far as is remembered."""
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is None or outage.is_on():
        return False
    try:
        return bool(cache().hget(_application_key(), "blocked"))
    except (RedisError, RedisClusterException, OSError) as error:
        outage.begin(type(error).__name__)
        return False


def _wait_for(endpoint: Endpoint, seller_id: int, background: bool) -> Passage:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        passage, wait, why = _ask(endpoint, seller_id, background)
        if passage is not None:
            return passage
        if why == "circuit" or time.monotonic() + wait > deadline:
            metrics.count("MercadoLivreHeldBack", endpoint=endpoint.name, reason=why)
            raise HeldBack(f"{endpoint.name}: {why}", max(1, math.ceil(wait)))
        time.sleep(wait * random.uniform(1, 1.5))  # noqa: S311 - so that those who wait do not ask in step


def _ask(endpoint: Endpoint, seller_id: int, background: bool) -> tuple[Passage | None, float, str]:
    """Leave, or the seconds to wait and why."""
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is not None and not outage.is_on():
        try:
            return _ask_valkey(endpoint, seller_id, background)
        except (RedisError, RedisClusterException, OSError) as error:
            outage.begin(type(error).__name__)
    metrics.count("MercadoLivreGateLocal", endpoint=endpoint.name)
    return _local.ask(endpoint)


def _ask_valkey(
    endpoint: Endpoint, seller_id: int, background: bool, now_us: int | None = None
) -> tuple[Passage | None, float, str]:
    rates = _rates()
    of_class = Lane.of(endpoints.per_minute(endpoint, rates), MINUTE)
    of_all = Lane.of(endpoints.total_per_hour(rates), HOUR)
    passed, wait, probe, why = ASK.run(
        [
            _class_key(endpoint),
            _application_key(),
            f"{_application_key()}:{endpoint.name}:seller:{seller_id}",
            f"{_application_key()}:{endpoint.name}:waiting",
            f"{_application_key()}:{endpoint.name}:waiting-background",
        ],
        "" if now_us is None else now_us,
        *of_class.micros(),
        *of_all.micros(),
        seller_id,
        int(background),
        BACKGROUND_SHARE,
        RECOVERY_PER_SECOND,
        _micros(PROBE_SECONDS),
        _micros(WAITING_SECONDS),
        _micros(COUNTED_SECONDS),
        LIFE_MS,
    )
    return (Passage(endpoint, int(probe)) if passed else None), int(wait) / MICRO, str(why)


def _tell(passage: Passage, outcome: str, retry_after: int = 0) -> None:
    from redis.exceptions import RedisClusterException, RedisError

    if not passage.shared:
        _local.tell(passage.endpoint, outcome)
        return
    if outcome == "answered" and not passage.probe:
        return
    try:
        _tell_valkey(passage, outcome, retry_after)
    except (RedisError, RedisClusterException, OSError) as error:
        outage.begin(type(error).__name__)


def _tell_valkey(passage: Passage, outcome: str, retry_after: int = 0, now_us: int | None = None) -> None:
    opened, cut = TELL.run(
        [_class_key(passage.endpoint), _application_key()],
        "" if now_us is None else now_us,
        outcome,
        passage.probe,
        _micros(retry_after),
        _micros(FIRST_OPEN_SECONDS),
        _micros(LONGEST_OPEN_SECONDS),
        random.uniform(1, 1.2),  # noqa: S311 - so that circuits do not close in step
        Lane.of(endpoints.per_minute(passage.endpoint, _rates()), MINUTE).micros()[1],
        RECOVERY_PER_SECOND,
        _micros(CUT_EVERY_SECONDS),
        LEAST_FACTOR,
        FAILURES,
        _micros(BLOCKED_SECONDS),
        LIFE_MS,
    )
    if opened:
        metrics.count("MercadoLivreCircuitOpened", endpoint=passage.endpoint.name)
        logger.warning("circuit opened", extra={"endpoint": passage.endpoint.name, "outcome": outcome})
    if cut:
        logger.warning("rate cut after a 429", extra={"endpoint": passage.endpoint.name})


@dataclass(slots=True)
class _Circuit:
    """One class's breaker in this process."""

    failures: int = 0
    open_until: float = 0.0


@dataclass(slots=True)
class _Local:
    """The gate of a process that has no Valkey."""

    buckets: InProcess = field(default_factory=InProcess)
    circuits: dict[str, _Circuit] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, endpoint: Endpoint) -> tuple[Passage | None, float, str]:
        with self.lock:
            open_for = self._circuit(endpoint).open_until - time.monotonic()
        if open_for > 0:
            return None, open_for, "circuit"
        allowance = max(1, endpoints.per_minute(endpoint, _rates()) // LOCAL_SHARE)
        verdict = self.buckets.judge((endpoint.name, "marketplace", allowance))
        return (Passage(endpoint, shared=False) if verdict.allowed else None), verdict.retry_seconds, "limit"

    def tell(self, endpoint: Endpoint, outcome: str) -> None:
        """Five failures in a row open the circuit; after that one failure is enough, until an answer comes."""
        with self.lock:
            circuit = self._circuit(endpoint)
            if outcome == "answered":
                circuit.failures = 0
                return
            circuit.failures += 1
            if outcome == "blocked" or circuit.failures >= FAILURES:
                circuit.open_until = time.monotonic() + FIRST_OPEN_SECONDS
                metrics.count("MercadoLivreCircuitOpened", endpoint=endpoint.name)

    def _circuit(self, endpoint: Endpoint) -> _Circuit:
        return self.circuits.setdefault(endpoint.name, _Circuit())


def _rates() -> Mapping[str, Any]:
    rates: Mapping[str, Any] = secret("mercado_livre").get("rates", {})
    return rates


def _application_key() -> str:
    return f"{{ml:{secret('mercado_livre')['client_id']}}}"


def _class_key(endpoint: Endpoint) -> str:
    return f"{_application_key()}:{endpoint.name}"


def _micros(seconds: float) -> int:
    return math.ceil(seconds * MICRO)


_local = _Local()
