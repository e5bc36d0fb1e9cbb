"""The data bucket's name: known beforehand, so that grants in other stacks name it and a reviewer can read them."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from cdk_app.environments import Environment


def data_bucket_name(scope: Construct, environment: Environment) -> str:
    """`painelml-data-{account}` in prod, `painelml-{env}-data-{account}` elsewhere: bucket names are global."""
    return f"{environment.resource_name('data')}-{Stack.of(scope).account}"


def nag_arn(environment: Environment, pattern: str) -> str:
    """How nag writes the ARN of the keys of `pattern`."""
    account = environment.account or "<AWS::AccountId>"
    return f"arn:aws:s3:::{environment.resource_name('data')}-{account}/{pattern}"
