"""A function's asset is its own folder, as the package that it is in the repository."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk

from cdk_app.function_code import function_code
from cdk_app.local import LAMBDAS_CONTEXT
from tests.infra.stateless import write_handlers


def test_a_function_ships_its_own_folder_and_no_others(tmp_path: Path) -> None:
    lambdas = write_handlers(tmp_path / "code" / "lambdas")
    (lambdas / "tenants" / "users.py").touch()
    (lambdas / "tenants" / "__pycache__").mkdir()
    (lambdas / "tenants" / "__pycache__" / "users.pyc").touch()
    (lambdas.parent / "beside.py").touch()
    app = cdk.App(context={LAMBDAS_CONTEXT: str(lambdas)}, outdir=str(tmp_path / "out"))
    function_code(stack := cdk.Stack(app, "stack"), "tenants").bind(stack)
    app.synth()
    [asset] = (folder for folder in (tmp_path / "out").glob("asset.*") if folder.is_dir())
    shipped = {path.relative_to(asset).as_posix() for path in asset.rglob("*") if path.is_file()}
    assert shipped == {
        "lambdas/__init__.py",
        "lambdas/tenants/__init__.py",
        "lambdas/tenants/handler.py",
        "lambdas/tenants/users.py",
    }
