"""The generic cell rate algorithm: its verdict, its script for Valkey, and the same law in one process (decision 0033).

A bucket holds one number: the theoretical arrival time (TAT), when it is full again. A full bucket lets a whole window's calls
through at once and refills evenly: one call every window/limit.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

Bucket = Literal["api", "pages", "key", "marketplace"]

UNLIMITED, UNKNOWN = -1, -2
LOCAL_WINDOW_SECONDS = 60
LOCAL_BUCKETS = 10_000

# KEYS: the tenant's bucket, the tenant's limits, the API key's own bucket. ARGV: field of the limits, window in µs, µs of now
# ('' for the server's clock), the key's own limit ('' for none). A call that either bucket refuses is taken from neither.
# Answers {allowed, 1 if the key's bucket is the tighter, limit, remaining, µs until that bucket is full, µs until the next
# call}; limit -1 unlimited, -2 not known. TATs are in µs, which a double holds exactly.
SCRIPT = """
local plan = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '-2')
if plan == -2 then return {1, 0, -2, 0, 0, 0} end
local window, now = tonumber(ARGV[2]), tonumber(ARGV[3])
if ARGV[3] == '' then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
end
local function look(bucket, limit, own)
  if limit == 0 then return {own = own, limit = 0, left = -1, before = 0, full = window, over = window} end
  local interval = math.ceil(window / limit)
  local tat = math.max(tonumber(redis.call('GET', bucket) or '0'), now)
  local after, burst = tat + interval, interval * limit
  return {
    bucket = bucket, own = own, limit = limit, after = after, over = after - now - burst, full = tat - now,
    before = math.floor((burst - (tat - now)) / interval), left = math.floor((burst - (after - now)) / interval)
  }
end
local found = {}
if plan >= 0 then table.insert(found, look(KEYS[1], plan, 0)) end
if ARGV[4] ~= '' then table.insert(found, look(KEYS[3], tonumber(ARGV[4]), 1)) end
if #found == 0 then return {1, 0, -1, 0, 0, 0} end
local tight = found[1]
local other = found[2]
if other and (other.over > 0 or tight.over > 0) then
  if other.over > tight.over then tight = other end
elseif other and other.left < tight.left then tight = other end
if tight.over > 0 then return {0, tight.own, tight.limit, tight.before, tight.full, tight.over} end
for _, each in ipairs(found) do
  redis.call('SET', each.bucket, string.format('%.0f', each.after), 'PX', math.ceil((each.after - now) / 1000))
end
return {1, tight.own, tight.limit, tight.left, tight.after - now, 0}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`limit` calls per window, `remaining` now; seconds until the bucket is full, and until the next call if refused."""

    allowed: bool
    bucket: Bucket
    limit: int
    remaining: int
    reset_seconds: int
    retry_seconds: int
    window_seconds: int

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers, as of version 10, and the older ones that clients know."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
            "RateLimit-Policy": f'"{self.bucket}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{self.bucket}";r={self.remaining};t={self.reset_seconds}',
        }


class InProcess:
    """The law for one process: buckets apart, the longest unseen forgotten first."""

    def __init__(self) -> None:
        self._arrivals: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def judge(self, *wanted: tuple[Hashable, Bucket, int]) -> Verdict:
        """One call of every bucket in `wanted` (name, kind, calls a minute), or of none; the verdict of the tightest."""
        moment = time.monotonic()
        with self._lock:
            found = [self._look(*each, moment=moment) for each in wanted]
            if all(verdict.allowed for verdict, _ in found):
                for (name, _, _), (_, after) in zip(wanted, found, strict=True):
                    self._keep(name, after)
        return min((verdict for verdict, _ in found), key=lambda each: (each.allowed, -each.retry_seconds, each.remaining))

    def _look(self, name: Hashable, bucket: Bucket, limit: int, *, moment: float) -> tuple[Verdict, float]:
        interval = LOCAL_WINDOW_SECONDS / limit
        tat = max(self._arrivals.get(name, 0.0), moment)
        allowed = tat + interval - moment <= LOCAL_WINDOW_SECONDS + 1e-9
        after = tat + interval if allowed else tat
        verdict = Verdict(
            allowed=allowed,
            bucket=bucket,
            limit=limit,
            remaining=max(0, math.floor((LOCAL_WINDOW_SECONDS - (after - moment)) / interval + 1e-9)),
            reset_seconds=math.ceil(after - moment),
            retry_seconds=0 if allowed else max(1, math.ceil(tat + interval - moment - LOCAL_WINDOW_SECONDS)),
            window_seconds=LOCAL_WINDOW_SECONDS,
        )
        return verdict, after

    def _keep(self, name: Hashable, after: float) -> None:
        self._arrivals[name] = after
        self._arrivals.move_to_end(name)
        if len(self._arrivals) > LOCAL_BUCKETS:
            self._arrivals.popitem(last=False)
