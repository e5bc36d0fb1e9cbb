"""The whole system for tests: brought up by the real command in a folder of its own, and taken down after."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAINEL = Path(sys.executable).with_name("painel")


@dataclass(frozen=True, slots=True)
class System:
    """A running environment. Tests find it only through `endpoints` and the command."""

    home: Path
    endpoints: dict[str, Any]

    def painel(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return painel(self.home, *arguments, check=check)

    def pid_of(self, part: str) -> int:
        """The process id of `postgres`, `valkey`, `emulator` or `simulator`, to be killed by a chaos test."""
        state = json.loads((self.home / "state.json").read_text())
        pid: int = state["processes"][part]["pid"]
        return pid


def painel(home: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs the command against `home`; with `check`, a failure shows what it printed."""
    environment = {**os.environ, "PAINEL_HOME": str(home)}
    for name in [name for name in environment if name.startswith(("PAINEL_QUEUE", "PAINEL_SECRET", "AWS_"))]:
        del environment[name]
    for name in ("PAINEL_DATABASE_URL", "PAINEL_CACHE_URL", "PAINEL_ENV", "PAINEL_PARAMETERS"):
        environment.pop(name, None)
    done = subprocess.run([str(PAINEL), *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"painel {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


@contextmanager
def running_system(home: Path) -> Generator[System]:
    """A new environment in `home` (what was there is removed), without the demo shop."""
    if home.exists():
        painel(home, "down", check=False)
        shutil.rmtree(home)
    options = ["--auth"] if os.environ.get("PAINEL_TEST_AUTH") else []
    painel(home, "up", "--no-demo", *options)
    try:
        yield System(home=home, endpoints=json.loads((home / "endpoints.json").read_text()))
    finally:
        painel(home, "down")
