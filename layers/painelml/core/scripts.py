"""Scripts that Valkey runs as one step, and what a process remembers while Valkey is gone."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from painelml.core.cache import cache
from painelml.core.observability import logger

AWAY_SECONDS = 5
"""How long a process leaves Valkey alone after it failed, so that a dead cache does not slow every call."""


class Script:
    """A Lua script by its hash; sent whole where the server does not know it yet. All keys must share a hash tag."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, keys: list[str], *arguments: str | int | float) -> Any:
        """What the script answers; raises redis errors."""
        from redis.exceptions import NoScriptError

        given = (*keys, *arguments)
        try:
            return cache().evalsha(self._sha, len(keys), *given)
        except NoScriptError:
            return cache().eval(self.text, len(keys), *given)


class Absence:
    """Remembers for a few seconds that Valkey did not answer. `what` names in the log whatever is local meanwhile."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._until = 0.0

    def is_set_now(self) -> bool:
        return time.monotonic() < self._until

    def begin(self, reason: str) -> None:
        self._until = time.monotonic() + AWAY_SECONDS
        logger.warning(f"{self._what} are local", extra={"reason": reason})

    def forget(self) -> None:
        """Valkey is asked again at once."""
        self._until = 0.0
