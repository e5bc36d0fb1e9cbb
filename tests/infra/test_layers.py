"""The layers: wheels for the functions' platform or a failure, never something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdk_app.function_table import all_functions
from cdk_app.layer_build import UV_ARGUMENTS, build_library, build_vendor
from tests.infra.stateless import of_type, templates


@pytest.mark.req("A104")
def test_a_requirement_that_is_not_pinned_fails_the_build(tmp_path: Path) -> None:
    loose = tmp_path / "requirements.txt"
    loose.write_text("requests\n")
    with pytest.raises(RuntimeError, match="could not build the vendor layer"):
        build_vendor(tmp_path / "layer", requirements=loose)


def test_only_wheels_of_the_functions_platform_are_taken() -> None:
    assert {"--only-binary=:all:", "--require-hashes", "--python-platform=aarch64-manylinux_2_28"} <= set(UV_ARGUMENTS)


def test_our_library_travels_without_caches(tmp_path: Path) -> None:
    source = tmp_path / "painelml"
    (source / "__pycache__").mkdir(parents=True)
    (source / "__pycache__" / "x.pyc").touch()
    (source / "__init__.py").touch()
    build_library(tmp_path / "layer", folders=(source,))
    assert [path.name for path in (tmp_path / "layer" / "python" / "painelml").iterdir()] == ["__init__.py"]


@pytest.mark.req("A104")
def test_on_aws_every_function_has_the_layers_and_operations_has_the_migrations_too() -> None:
    counts: dict[str, int] = {}
    for stack in ("api", "jobs"):
        for function in of_type(templates("prod", "scale")[stack], "AWS::Lambda::Function").values():
            counts[function["FunctionName"]] = len(function["Layers"])
    assert counts.pop("painelml-operations") == 3
    assert set(counts.values()) == {2}
    assert len(counts) == len(list(all_functions())) - 1


@pytest.mark.req("A025")
def test_on_a_laptop_functions_import_the_library_from_the_repository() -> None:
    for stack in ("api", "jobs"):
        for function in of_type(templates("local", "local")[stack], "AWS::Lambda::Function").values():
            assert "Layers" not in function
            assert function["Environment"]["Variables"]["PYTHONPATH"].split(":")[0].endswith("/layers")
