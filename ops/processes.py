"""Start, recognise and stop the programs of the local environment: only what we started, by pid and start time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from ops.errors import OperationError
from ops.home import Home

# The clock of /proc ticks a hundred times a second; a reused pid starts later than that.
_START_TOLERANCE_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The system user that a program runs as, where it refuses to run as root."""

    user: int
    group: int


def start(
    home: Home,
    part: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    credentials: Credentials | None = None,
) -> psutil.Process:
    """Start `command` in a session of its own, its output in the part's log; its pid and start time are recorded."""
    with home.log(part).open("ab") as log:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
            user=credentials.user if credentials else None,
            group=credentials.group if credentials else None,
            extra_groups=[] if credentials else None,
        )
    found = psutil.Process(process.pid)
    home.remember("processes", **{part: {"pid": process.pid, "started": found.create_time()}})
    return found


def running(home: Home, part: str) -> psutil.Process | None:
    """The program that was started as `part`, or None if it has ended (its pid may be another program's by now)."""
    record = home.section("processes").get(part)
    if record is None:
        return None
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < _START_TOLERANCE_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def stop(home: Home, part: str, *, how: signal.Signals = signal.SIGTERM, patience: float = 30.0) -> bool:
    """Stop `part` and what it started itself; True if it was running. After `patience` seconds it is killed."""
    process = running(home, part)
    if process is not None:
        family = [process, *_children(process)]
        _send(process, how)
        _, alive = psutil.wait_procs([process], timeout=patience)
        # Helpers that outlive their parent: asked first, then made to go.
        leftovers = [*alive, *(member for member in family[1:] if member.is_running())]
        for member in leftovers:
            _send(member, signal.SIGTERM)
        _, alive = psutil.wait_procs(leftovers, timeout=3)
        for member in alive:
            _send(member, signal.SIGKILL)
        psutil.wait_procs(alive, timeout=3)
    home.forget("processes", part)
    return process is not None


def stop_programs_of(folder: Path, *, patience: float = 3.0) -> int:
    """Stop every program whose command names a file in `folder`; how many. For helpers that outlive who started them."""
    orphans = [process for process in psutil.process_iter() if _runs_from(process, folder)]
    for how in (signal.SIGTERM, signal.SIGKILL):
        alive = [process for process in orphans if process.is_running()]
        for process in alive:
            _send(process, how)
        psutil.wait_procs(alive, timeout=patience)
    return len(orphans)


def _runs_from(process: psutil.Process, folder: Path) -> bool:
    try:
        return any(argument.startswith(f"{folder}/") for argument in process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def wait_until(
    ready: Callable[[], bool], *, home: Home, part: str, process: psutil.Process | None, seconds: float = 30.0
) -> None:
    """Wait until `ready()`; raises OperationError with the end of the log if the program ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process is not None and (not process.is_running() or process.status() == psutil.STATUS_ZOMBIE):
            raise OperationError(
                f"{part} ended while it was starting.",
                why=tail(home.log(part)),
                do=f"Its log is {home.log(part)}. Put right what it complains about, then run `make up` again.",
            )
        if time.monotonic() > deadline:
            raise OperationError(
                f"{part} did not answer within {seconds:.0f} s.",
                why=tail(home.log(part)),
                do=f"Its log is {home.log(part)}. `make down`, then `make up`, starts it afresh.",
            )
        time.sleep(0.05)


def tail(log: Path, *, lines: int = 12) -> str:
    """The last lines of a log, for an error message."""
    if not log.exists():
        return "It wrote no log."
    last = log.read_text(errors="replace").splitlines()[-lines:]
    return "Its last words:\n" + "\n".join(f"  {line}" for line in last)


def clean_environment(**more: str) -> dict[str, str]:
    """An environment for our programs: the caller's AWS and PainelML variables must not leak into them."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PAINEL_", "PG", "PYTHON", "CDK_", "LAMBDA_"))
    }
    return kept | more


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _send(process: psutil.Process, how: signal.Signals) -> None:
    try:
        process.send_signal(how)
    except psutil.NoSuchProcess:
        return
