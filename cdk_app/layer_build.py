"""Builds layers: the pinned packages of others, by uv and without Docker; and copies of our own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from cdk_app.local import REPOSITORY

PYTHON_VERSION = "3.14"
PLATFORM = "aarch64-manylinux_2_28"

# Lambda's runtime brings boto3 itself; the X-Ray SDK would bring it a second time.
_NOT_SHIPPED = ("boto3", "botocore", "s3transfer", "aws_xray_sdk", "bin")
_CLUTTER = ("__pycache__", "tests", "test")
UV_ARGUMENTS = (
    "pip",
    "install",
    "--quiet",
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    f"--python-version={PYTHON_VERSION}",
    f"--python-platform={PLATFORM}",
    "--no-compile-bytecode",
    "--link-mode=copy",
)


def build_vendor(output: Path, *, requirements: Path) -> None:
    """Install the pinned wheels of `requirements` for the functions' platform into `output`/python.

    Raises RuntimeError when uv is missing or a wheel cannot be had: a layer that lacks a package is never deployed.
    """
    target = output / "python"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise RuntimeError("The vendor layer needs uv, which is not installed. Run: make setup")
    command = [uv, *UV_ARGUMENTS, f"--target={target}", f"--requirement={requirements}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise RuntimeError(
            f"uv could not build the vendor layer from {requirements.name} for {PLATFORM}, Python {PYTHON_VERSION}:\n"
            f"{done.stderr.strip()}"
        )
    for unwanted in (path for name in _NOT_SHIPPED for path in (target / name, *target.glob(f"{name}-*.dist-info"))):
        if unwanted.is_dir():
            shutil.rmtree(unwanted)
    for folder in [path for path in target.rglob("*") if path.is_dir() and path.name in _CLUTTER]:
        shutil.rmtree(folder, ignore_errors=True)


def build_library(output: Path, *, folders: tuple[Path, ...]) -> None:
    """Copy our own packages into `output`/python, without caches."""
    for folder in folders:
        shutil.copytree(folder, output / "python" / folder.name, ignore=shutil.ignore_patterns(*_CLUTTER, "*.pyc"))


def main(output: Path) -> None:
    """Build every layer below `output`, as a deployment would: for looking into, and for tests of the packages."""
    layers = REPOSITORY / "layers"
    shutil.rmtree(output, ignore_errors=True)
    build_vendor(output / "vendor", requirements=layers / "vendor" / "requirements.txt")
    build_library(output / "painelml", folders=(layers / "painelml",))
    build_vendor(output / "migrations", requirements=layers / "migrations" / "requirements.txt")
    build_library(output / "migrations", folders=(REPOSITORY / "migrations",))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
