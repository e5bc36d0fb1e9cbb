"""What the functions import, as layers: our library, and the pinned packages of others. Built by uv, without Docker."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.local import REPOSITORY

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
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


@jsii.implements(ILocalBundling)
class _VendorBundling:
    def __init__(self, requirements: Path) -> None:
        self._requirements = requirements

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Always True or an exception: False would make CDK fall back to Docker."""
        build_vendor(Path(output_dir), requirements=self._requirements)
        return True


@jsii.implements(ILocalBundling)
class _LibraryBundling:
    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Always True or an exception: False would make CDK fall back to Docker."""
        build_library(Path(output_dir), folders=self._folders)
        return True


@jsii.implements(ILocalBundling)
class _MigrationsBundling:
    def __init__(self, folder: Path, requirements: Path) -> None:
        self._folder = folder
        self._requirements = requirements

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Always True or an exception: False would make CDK fall back to Docker."""
        build_vendor(Path(output_dir), requirements=self._requirements)
        build_library(Path(output_dir), folders=(self._folder,))
        return True


class PainelLayers(Construct):
    """`versions`: what every function gets, others' packages and our library. `migrations`: for operations alone."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        layers = REPOSITORY / "layers"
        vendor, library = layers / "vendor", layers / "painelml"
        self.versions: list[lambda_.ILayerVersion] = [
            _layer(self, "Vendor", source=vendor, bundling=_VendorBundling(vendor / "requirements.txt")),
            _layer(self, "Painelml", source=library, bundling=_LibraryBundling((library,))),
        ]

    def migrations(self) -> lambda_.ILayerVersion:
        """The migrations and Alembic."""
        source = REPOSITORY / "migrations"
        requirements = REPOSITORY / "layers" / "migrations" / "requirements.txt"
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
        bundling = _MigrationsBundling(source, requirements)
        return _layer(self, "Migrations", source=source, bundling=bundling, also=digest)


def _layer(
    scope: Construct, construct_id: str, *, source: Path, bundling: ILocalBundling, also: str = ""
) -> lambda_.LayerVersion:
    """The command never runs; it is part of the asset's hash, so that other arguments make another layer."""
    return lambda_.LayerVersion(
        scope,
        construct_id,
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
        code=lambda_.Code.from_asset(
            str(source),
            exclude=["__pycache__", "*.pyc"],
            asset_hash_type=AssetHashType.SOURCE,
            bundling=BundlingOptions(
                image=DockerImage.from_registry("never-pulled"), local=bundling, command=[*UV_ARGUMENTS, also]
            ),
        ),
    )


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
