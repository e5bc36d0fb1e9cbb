"""Guessing gets slower: each failure makes the next try wait longer, by account and by address (ASVS 6.3.1, 6.1.1).

Nobody is locked out. What a stranger does to an account makes others wait 15 s at most, and not at all someone who has logged
in from their address before. Counters are in Valkey, under hashes; when it is away, each process counts on its own, with a
third of the allowance, and says so in the metric ThrottleLocal, which has an alarm.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from typing import Any, Literal

from painelml.core import metrics
from painelml.core.cache import outage
from painelml.identity.errors import TooManyTries

Kind = Literal["login", "reset", "register"]

KNOWN_SECONDS = 30 * 86_400
LOCAL_SHARE = 3
LOCAL_KEYS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`free` tries, then a wait of `first` seconds that doubles up to `longest`; forgotten after `window` seconds' rest."""

    free: int
    first: int
    longest: int
    window: int = 3600


PAIR = Pace(free=5, first=1, longest=300)
ACCOUNT = Pace(free=20, first=1, longest=15)
ADDRESS = Pace(free=30, first=1, longest=60)
LETTERS = Pace(free=3, first=60, longest=900)

# Milliseconds to wait, or 0 with the try counted; and 1 for the first refusal of this wait. One key, one call, so 50 parallel
# tries are counted as 50, and one of them is the first to be refused.
_TRY = """
local held = redis.call('hmget', KEYS[1], 'tries', 'until', 'told')
local now, free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tries, closed = tonumber(held[1] or '0'), tonumber(held[2] or '0')
if now < closed then
  if held[3] == held[2] then return {math.ceil(closed - now), 0} end
  redis.call('hset', KEYS[1], 'told', held[2])
  return {math.ceil(closed - now), 1}
end
tries = tries + 1
closed = 0
if tries >= free then closed = now + math.min(first * 2 ^ math.min(tries - free, 30), longest) end
redis.call('hset', KEYS[1], 'tries', tries, 'until', string.format('%.0f', closed))
redis.call('expire', KEYS[1], ARGV[5])
return {0, 0}
"""
_GIVE_BACK = """
local tries = tonumber(redis.call('hget', KEYS[1], 'tries') or '0')
if tries > 0 then redis.call('hset', KEYS[1], 'tries', tries - 1, 'until', 0) end
return 0
"""


class Attempt:
    """One try at proving something: counted when made, so it must be told if it `succeeded`."""

    def __init__(self, kind: Kind, *, account: str, address: str) -> None:
        """Counts the try; raises TooManyTries where it comes too soon. `account` is an e-mail or an id."""
        self._address = _key(kind, "address", address)
        self._pair = _key(kind, "pair", account, address)
        self._account = _key(kind, "account", account)
        self._known = _key("login", "known", account, address)
        paces = {"address": (self._address, ADDRESS)}
        if account:
            paces["pair"] = (self._pair, LETTERS if kind == "reset" else PAIR)
        if account and not _SHARED.holds(self._known):
            paces["account"] = (self._account, LETTERS if kind == "reset" else ACCOUNT)
        self._counted: list[str] = []
        try:
            self._count(paces)
        finally:
            if outage.is_on():
                metrics.count("ThrottleLocal")

    def _count(self, paces: dict[str, tuple[str, Pace]]) -> None:
        for scope, (key, pace) in paces.items():
            wait, is_first = _SHARED.attempt(key, pace)
            if wait:
                seconds = max(1, math.ceil(wait / 1000))
                raise TooManyTries(retry_after_seconds=seconds, counted_by=scope, is_first=is_first)
            self._counted.append(key)

    def proved_half(self) -> None:
        """The password was right, a code is still to come: this try was no failure, and those before it stay."""
        for key in self._counted:
            _SHARED.give_back(key)

    def succeeded(self, *, remember: bool = False) -> None:
        """Gives the try back and forgets the account's failures; `remember`: this address is one of the account's own."""
        _SHARED.give_back(self._address)
        _SHARED.forget(self._pair, self._account)
        if remember:
            _SHARED.remember(self._known)


class _Shared:
    """Counters in Valkey; what it cannot answer, and what is asked in the seconds after, is answered by this process."""

    def attempt(self, key: str, pace: Pace) -> tuple[float, bool]:
        """Milliseconds to wait, 0 with the try counted; and whether this is the first refusal of the wait."""
        arguments = [time.time() * 1000, pace.free, pace.first * 1000, pace.longest * 1000, pace.window]
        answer = self._ask("eval", _TRY, 1, key, *arguments)
        return _LOCAL.attempt(key, pace) if answer is None else (float(answer[0]), bool(answer[1]))

    def give_back(self, key: str) -> None:
        if self._ask("eval", _GIVE_BACK, 1, key) is None:
            _LOCAL.give_back(key)

    def forget(self, *keys: str) -> None:
        for key in keys:
            if self._ask("delete", key) is None:
                _LOCAL.tries.pop(key, None)

    def holds(self, key: str) -> bool:
        return bool(self._ask("exists", key))

    def remember(self, key: str) -> None:
        self._ask("set", key, "1", ex=KNOWN_SECONDS)

    def _ask(self, command: str, *arguments: Any, **options: Any) -> Any:
        from redis.exceptions import RedisClusterException, RedisError

        from painelml.core.cache import cache

        if outage.is_on():
            return None
        try:
            return getattr(cache(), command)(*arguments, **options)
        except (RedisError, RedisClusterException) as error:
            outage.begin(type(error).__name__)
            return None


class _Local:
    """The same law in this process's memory, with a smaller allowance; the oldest keys make room."""

    def __init__(self) -> None:
        self.tries: dict[str, tuple[int, float, float]] = {}
        self._told: dict[str, float] = {}

    def attempt(self, key: str, pace: Pace) -> tuple[float, bool]:
        now = time.time() * 1000
        tries, closed, forgotten = self.tries.pop(key, (0, 0.0, 0.0))
        if now >= forgotten:
            tries, closed = 0, 0.0
        if now < closed:
            self.tries[key] = (tries, closed, forgotten)
            is_first, self._told[key] = self._told.get(key) != closed, closed
            return closed - now, is_first
        tries += 1
        free = max(1, pace.free // LOCAL_SHARE)
        wait = min(pace.first * 2 ** min(tries - free, 30), pace.longest) * 1000 if tries >= free else 0
        self.tries[key] = (tries, now + wait, now + pace.window * 1000)
        while len(self.tries) > LOCAL_KEYS:
            gone = next(iter(self.tries))
            self.tries.pop(gone)
            self._told.pop(gone, None)
        return 0, False

    def give_back(self, key: str) -> None:
        if key in self.tries:
            tries, _, forgotten = self.tries[key]
            self.tries[key] = (max(0, tries - 1), 0.0, forgotten)


_LOCAL = _Local()
_SHARED = _Shared()


def _key(kind: str, scope: str, *of: str) -> str:
    """No address and no e-mail in a key: a hash of them."""
    digest = hashlib.sha256("\0".join(of).encode()).hexdigest()[:32]
    return f"throttle:{kind}:{scope}:{digest}"
