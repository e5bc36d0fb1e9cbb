"""The emulator's own process, with one thing added: `http://localhost:PORT` is the web's name on this machine.

On AWS, a DNS name leads to CloudFront, which serves panel and API on one origin. The emulator serves a distribution only by
its host name (`….cloudfront.net`), which no resolver here knows. So a request for the host `localhost` is handed to the
distribution whose name `painel up` wrote down; everything that is addressed by number (127.0.0.1) stays AWS's API.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from ministack import app as emulator

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]

FRONT_DOOR_VARIABLE = "FRONT_DOOR_FILE"
_OWN_PATHS = ("/_aws/", "/_ministack/")
_AWS_SIGNATURE = b"AWS4-HMAC-SHA256"


class FrontDoor:
    """ASGI: sends what is asked of `localhost` to the distribution named in `file`; without the file, changes nothing."""

    def __init__(self, behind: Asgi, file: Path) -> None:
        self._behind = behind
        self._file = file
        self._seen_ns = -1
        self._name = b""

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._is_for_the_web(scope) and (name := self._distribution()):
            others = [(key, value) for key, value in scope["headers"] if key.lower() != b"host"]
            scope = {**scope, "headers": [(b"host", name), *others]}
        await self._behind(scope, receive, send)

    @staticmethod
    def _is_for_the_web(scope: Scope) -> bool:
        headers = {key.lower(): value for key, value in scope["headers"]}
        return (
            headers.get(b"host", b"").split(b":")[0].lower() == b"localhost"
            and not scope["path"].startswith(_OWN_PATHS)
            and not headers.get(b"authorization", b"").startswith(_AWS_SIGNATURE)
        )

    def _distribution(self) -> bytes:
        """The name in the file, read again when the file has changed."""
        try:
            changed_ns = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return b""
        if changed_ns != self._seen_ns:
            self._name = self._file.read_bytes().strip()
            self._seen_ns = changed_ns
        return self._name


def main() -> None:
    """Run the emulator until it is told to stop."""
    emulator.app = FrontDoor(emulator.app, Path(os.environ[FRONT_DOOR_VARIABLE]))
    emulator.main()


if __name__ == "__main__":
    main()
