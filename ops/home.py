"""The folder where a running local environment keeps everything: data, logs, ports, passwords, pids and endpoints."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from ops.errors import OperationError

_Value = TypeVar("_Value")
REPOSITORY = Path(__file__).resolve().parent.parent


class Home:
    """`.painel/` of this checkout, or `PAINEL_HOME`: several can run side by side. Readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.run = folder / "run"
        self.endpoints = folder / "endpoints.json"
        self._state = folder / "state.json"
        self._guard = RLock()

    @classmethod
    def default(cls) -> Home:
        """Where `PAINEL_HOME` says, else `.painel/` in the checkout."""
        return cls(Path(os.environ.get("PAINEL_HOME") or REPOSITORY / ".painel").resolve())

    def create(self) -> None:
        """Make the folders that parts write to."""
        for folder in (self.folder, self.logs, self.run, self.folder / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)

    def log(self, part: str) -> Path:
        """The log file of `part`."""
        return self.logs / f"{part}.log"

    def read(self) -> dict[str, Any]:
        """What is remembered; empty before the first `up`. Raises OperationError if the file is damaged."""
        if not self._state.exists():
            return {}
        try:
            state: dict[str, Any] = json.loads(self._state.read_text())
        except json.JSONDecodeError as error:
            raise OperationError(
                f"{self._state} is not readable as JSON.",
                why=str(error),
                do=f"Stop what still runs, delete {self.folder} (its data goes with it), and run `make up`.",
            ) from error
        return state

    def section(self, name: str) -> dict[str, Any]:
        """One part of what is remembered: `ports`, `passwords`, `processes`, `emulator`."""
        found: dict[str, Any] = self.read().get(name, {})
        return found

    def remember(self, section: str, **values: Any) -> None:
        """Merge `values` into a section. Parts start at the same time, so this is done by one thread at a time."""
        with self._guard:
            state = self.read()
            write_json(self._state, state | {section: state.get(section, {}) | values})

    def forget(self, section: str, *names: str) -> None:
        """Drop `names` from a section."""
        with self._guard:
            state = self.read()
            kept = {name: value for name, value in state.get(section, {}).items() if name not in names}
            write_json(self._state, state | {section: kept})

    def once(self, section: str, name: str, make: Callable[[], _Value]) -> _Value:
        """The remembered value, or the one that `make` gives, remembered from now on."""
        with self._guard:
            held = self.section(section)
            if name not in held:
                held[name] = make()
                self.remember(section, **{name: held[name]})
            value: _Value = held[name]
            return value

    def password(self, name: str) -> str:
        """The password called `name`: made once, 32 URL-safe characters, kept."""
        return self.once("passwords", name, lambda: secrets.token_urlsafe(24))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the environment for one command; raises OperationError if another command holds it."""
        self.create()
        with (self.folder / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OperationError(
                    "Another `painel up` or `painel down` is at work on this environment.",
                    do="Wait for it to end, then run this again.",
                ) from error
            yield


def write_json(path: Path, value: Any) -> None:
    """Replace `path` in one step, readable by its owner only: the files hold passwords."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(value, handle, indent=2)
        handle.write("\n")
    fresh.replace(path)
