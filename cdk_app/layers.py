"""What the functions import, as layers: our library, and the pinned packages of others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.layer_build import UV_ARGUMENTS, build_library, build_vendor
from cdk_app.local import REPOSITORY

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64


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
