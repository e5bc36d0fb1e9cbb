"""Scripts that Valkey runs as one step."""

from __future__ import annotations

import hashlib
from typing import Any

from painelml.core.cache import cache


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
