"""How often each application calls: exact sliding windows, limits that answer 429, and the peaks that tests assert on."""

from collections import Counter, defaultdict, deque
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from .chaos import Chaos
from .clock import MINUTE, SECOND

# The only number that Mercado Livre publishes: messages, 500 a minute for reads and 500 for writes.
DOCUMENTED = {"messages read": {"requests": 500, "seconds": 60}, "messages write": {"requests": 500, "seconds": 60}}
EVERYTHING = "*"


def endpoint_class(method: str, path: str) -> str:
    """The budget that a route draws from: its first path segment, reads and writes apart."""
    return f"{path.strip('/').split('/')[0]} {'read' if method == 'GET' else 'write'}"


class Meter:
    """Calls of one kind: how many, and the most that ever fell into one second and into one minute."""

    __slots__ = ("_minute", "_second", "count", "peak_minute", "peak_second")

    def __init__(self) -> None:
        self.count = self.peak_second = self.peak_minute = 0
        self._second: deque[int] = deque()
        self._minute: deque[int] = deque()

    def add(self, now: int) -> None:
        self.count += 1
        for moments, width in ((self._second, SECOND), (self._minute, MINUTE)):
            if moments and moments[-1] > now:
                moments.clear()  # the clock was set back
            moments.append(now)
            while moments[0] <= now - width:
                moments.popleft()
        self.peak_second = max(self.peak_second, len(self._second))
        self.peak_minute = max(self.peak_minute, len(self._minute))

    def document(self) -> dict[str, int]:
        return {"count": self.count, "peak_per_second": self.peak_second, "peak_per_minute": self.peak_minute}


class Limits:
    """Per application and class of endpoint: the meters, and the limits in force."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.rules: dict[str, dict[str, int]] = dict(DOCUMENTED)
        self.forget()

    def forget(self) -> None:
        """Forget the counts and keep the rules."""
        self.classes: defaultdict[tuple[str, str], Meter] = defaultdict(Meter)
        self.routes: defaultdict[str, Meter] = defaultdict(Meter)
        self.refused: Counter[tuple[str, str]] = Counter()
        self.consumed: Counter[tuple[str, int, str, int]] = Counter()
        self._admitted: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)

    def count(self, client_id: str, kind: str, route: str, now: int) -> None:
        """Every call counts, the refused ones too: what a client sent is what a test asserts on."""
        self.classes[client_id, kind].add(now)
        self.routes[route].add(now)

    def admits(self, client_id: str, kind: str, now: int) -> bool:
        """Whether the call fits its class and the application's whole budget; if not, it uses nothing up."""
        windows = []
        for name in (kind, EVERYTHING):
            rule = self.rules.get(name)
            if rule is None:
                continue
            moments = self._admitted[client_id, name]
            if moments and moments[-1] > now:
                moments.clear()
            while moments and moments[0] <= now - rule["seconds"] * SECOND:
                moments.popleft()
            if len(moments) >= rule["requests"]:
                self.refused[client_id, kind] += 1
                return False
            windows.append(moments)
        for moments in windows:
            moments.append(now)
        return True

    def set(self, values: dict[str, Any]) -> None:
        """Replace the named rules; null removes one. A malformed rule raises `ValueError` and changes nothing."""
        for name, rule in values.items():
            if rule is None:
                continue
            numbers = [rule.get("requests"), rule.get("seconds")] if isinstance(rule, dict) else [None]
            if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in numbers) or len(rule) != 2:
                raise ValueError(f"the rule of {name!r} must be {{requests, seconds}}, whole numbers from 1, or null")
        for name, rule in values.items():
            if rule is None:
                self.rules.pop(name, None)
            else:
                self.rules[name] = rule

    def document(self) -> dict[str, Any]:
        """`{client_id: {class: {count, refused, peak_per_second, peak_per_minute}}}`."""
        clients: dict[str, Any] = {}
        for (client_id, kind), meter in self.classes.items():
            refused = {"refused": self.refused[client_id, kind]}
            clients.setdefault(client_id, {})[kind] = meter.document() | refused
        return clients


def too_many(chaos: Chaos, kind: str) -> Response:
    """The 429: JSON, the edge's bare text, or the token endpoint's own error; no `Retry-After` unless switched on."""
    headers = {"retry-after": str(chaos.retry_after_seconds)} if chaos.retry_after_seconds is not None else None
    if chaos.limit_body == "text":
        return PlainTextResponse("local_rate_limited", 429, headers)
    error = "local_rate_limited" if kind.startswith("oauth ") else "too_many_requests"
    body = {"message": "Too many requests", "error": error, "status": 429, "cause": []}
    return JSONResponse(body, 429, headers)
