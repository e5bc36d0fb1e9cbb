"""The CDK app: `cdk deploy -c env=dev --all`. Context: env (default dev), profile and region (its own)."""

from __future__ import annotations

import sys

import aws_cdk as cdk

from cdk_app.checks import add_checks
from cdk_app.environments import pair_named
from stacks.stage import EnvironmentStage


def main() -> None:
    """Compose the environment that the context names."""
    app = cdk.App()
    context = app.node.try_get_context
    try:
        environment, profile = pair_named(context("env") or "dev", context("profile"), region=context("region"))
        EnvironmentStage(app, environment=environment, profile=profile)
    except ValueError as error:
        sys.exit(f"error: {error}")
    add_checks(app)
    app.synth()


main()
