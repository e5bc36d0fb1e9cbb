"""The code of one function: its folder, as `lambdas.<name>`, so that its modules import one another as they do in the tests."""

from __future__ import annotations

from aws_cdk import IgnoreMode
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.local import lambdas_folder


def function_code(scope: Construct, name: str) -> lambda_.AssetCode:
    """The asset holds `lambdas/{name}/`, and of what lies beside it only the package's own `__init__.py`."""
    folder = lambdas_folder(scope)
    package = f"/{folder.name}"
    others = ["/*", f"!{package}", f"{package}/*", f"!{package}/__init__.py", f"!{package}/{name}", "__pycache__", "*.pyc"]
    return lambda_.Code.from_asset(str(folder.parent), exclude=others, ignore_mode=IgnoreMode.GIT)
