"""cdk-nag's rules for the whole app, and the one way to answer a finding that we accept."""

from __future__ import annotations

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def add_checks(app: cdk.App) -> None:
    """Stop a synthesis that breaks a rule nobody has answered."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge_plain_http(construct: IConstruct, *rules: str) -> None:
    """Accept the TLS rules for what is on a laptop."""
    acknowledge(construct, dict.fromkeys(rules, "The emulator on a laptop speaks HTTP only."))


def acknowledge(construct: IConstruct, findings: dict[str, str]) -> None:
    """Accept findings on a construct and below it: AwsSolutions' rule id → a reason that a reviewer can check.

    `tests/infra` fails on an answer to a finding that is no longer there.
    """
    cdk.Validations.of(construct).acknowledge(
        *(cdk.Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason) for rule, reason in findings.items())
    )


def nag_arn_of(scope: IConstruct, service: str) -> str:
    """How nag writes the beginning of an ARN in the scope's stack, up to its resource."""
    stack = cdk.Stack.of(scope)
    known = {"Partition": stack.partition, "Region": stack.region, "AccountId": stack.account}
    said = {name: f"<AWS::{name}>" if cdk.Token.is_unresolved(value) else value for name, value in known.items()}
    return f"arn:{said['Partition']}:{service}:{said['Region']}:{said['AccountId']}"
