"""Guessing gets slower: each failure makes the next try wait longer, by account and by address (ASVS 6.3.1, 6.1.1).

Nobody is locked out. What a stranger does to an account makes others wait 15 s at most, and not at all someone who has logged
in from their address before. Counters are in Valkey, under hashes; when it is away, each process counts on its own, with a
third of the allowance.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from typing import Any, Literal

from painelml.core.observability import logger
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

# Milliseconds to wait, or 0 with the try counted. One key, one call, so 50 parallel tries are counted as 50.
_TRY = """
local held = redis.call('hmget', KEYS[1], 'tries', 'until')
local now, free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tries, closed = tonumber(held[1] or '0'), tonumber(held[2] or '0')
if now < closed then return math.ceil(closed - now) end
tries = tries + 1
closed = 0
if tries >= free then closed = now + math.min(first * 2 ^ math.min(tries - free, 30), longest) end
redis.call('hset', KEYS[1], 'tries', tries, 'until', string.format('%.0f', closed))
redis.call('expire', KEYS[1], ARGV[5])
return 0
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
        paces = [(self._address, ADDRESS)]
        if account:
            paces.append((self._pair, LETTERS if kind == "reset" else PAIR))
        if account and not _SHARED.holds(self._known):
            paces.append((self._account, LETTERS if kind == "reset" else ACCOUNT))
        self._counted: list[str] = []
        for key, pace in paces:
            if wait := _SHARED.attempt(key, pace):
                raise TooManyTries(retry_after_seconds=max(1, math.ceil(wait / 1000)))
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
    """Counters in Valkey; each call that it cannot answer is answered by this process."""

    def attempt(self, key: str, pace: Pace) -> float:
        arguments = [time.time() * 1000, pace.free, pace.first * 1000, pace.longest * 1000, pace.window]
        wait = self._ask("eval", _TRY, 1, key, *arguments)
        return _LOCAL.attempt(key, pace) if wait is None else float(wait)

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

        try:
            return getattr(cache(), command)(*arguments, **options)
        except (RedisError, RedisClusterException) as error:
            logger.warning("throttle is local: the cache is away", extra={"reason": type(error).__name__})
            return None


class _Local:
    """The same law in this process's memory, with a smaller allowance; the oldest keys make room."""

    def __init__(self) -> None:
        self.tries: dict[str, tuple[int, float, float]] = {}

    def attempt(self, key: str, pace: Pace) -> float:
        now = time.time() * 1000
        tries, closed, forgotten = self.tries.pop(key, (0, 0.0, 0.0))
        if now >= forgotten:
            tries, closed = 0, 0.0
        if now < closed:
            self.tries[key] = (tries, closed, forgotten)
            return closed - now
        tries += 1
        free = max(1, pace.free // LOCAL_SHARE)
        wait = min(pace.first * 2 ** min(tries - free, 30), pace.longest) * 1000 if tries >= free else 0
        self.tries[key] = (tries, now + wait, now + pace.window * 1000)
        while len(self.tries) > LOCAL_KEYS:
            self.tries.pop(next(iter(self.tries)))
        return 0

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
