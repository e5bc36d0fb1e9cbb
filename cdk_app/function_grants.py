"""What a function may do: exactly the needs of its row, granted to its role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk_app.checks import acknowledge
from cdk_app.function_spec import FunctionSpec, QueueName
from cdk_app.pattern_grants import grant_data, grant_silos
from cdk_app.secret_names import parameter_prefix
from cdk_app.surroundings import FunctionSurroundings

NETWORK_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda needs to attach a function to the network; EC2 takes no narrower resource for these."""


def grant_needs(scope: Construct, role: iam.Role, spec: FunctionSpec, around: FunctionSurroundings) -> None:
    """Every need of `spec`; `scope` is the function's construct."""
    acknowledge(role, {"IAM5[Resource::*]": "X-Ray's segments and EC2's network interfaces: AWS takes no narrower resource."})
    if spec.in_vpc and around.network.vpc is not None:
        role.add_to_principal_policy(iam.PolicyStatement(actions=list(NETWORK_INTERFACES), resources=["*"]))
    if spec.database:
        around.database.grant_connect(role, silos=spec.enters_silos)
    if spec.owner and around.database.owner_secret:
        around.database.owner_secret.grant_read(role)
    if spec.cache and around.cache.secret:
        around.cache.secret.grant_read(role)
    if spec.mail:
        _grant_mail(role, around)
    _grant_secrets(scope, role, spec, around)
    grant_silos(role, spec, around.environment)
    _grant_parameters(role, around, "ssm:GetParameter", spec.parameters)
    _grant_parameters(role, around, "ssm:PutParameter", spec.writes_parameters)
    for queue in spec.sends:
        _grant_sending(role, around, queue)
    grant_data(scope, role, spec, around.environment)
    for queue in spec.inspects:
        around.queues[queue].grant(role, "sqs:GetQueueAttributes")


def _grant_secrets(scope: Construct, role: iam.Role, spec: FunctionSpec, around: FunctionSurroundings) -> None:
    writable = {around.secret_name(purpose) for purpose in spec.writes_secrets}
    for name in sorted({around.secret_name(purpose) for purpose in spec.secrets}):
        # By name, not by reference: the ARN's random end is then a pattern, and no export ties the stacks together.
        secret = secretsmanager.Secret.from_secret_name_v2(scope, f"Secret{name.rsplit('/', 1)[-1]}", name)
        secret.grant_read(role)
        if name in writable:
            secret.grant_write(role)


def _grant_mail(role: iam.Role, around: FunctionSurroundings) -> None:
    """Letters from the environment's sender alone. SES asks for the right on the identity that it verified."""
    sender = around.environment.mail_from
    identities = [
        Stack.of(role).format_arn(service="ses", resource="identity", resource_name=name)
        for name in (around.environment.mail_domain, sender)
    ]
    role.add_to_principal_policy(
        iam.PolicyStatement(
            actions=["ses:SendEmail"], resources=identities, conditions={"StringEquals": {"ses:FromAddress": sender}}
        )
    )


def _grant_parameters(role: iam.Role, around: FunctionSurroundings, action: str, names: Sequence[str]) -> None:
    prefix = parameter_prefix(around.environment).removeprefix("/")
    if names:
        arns = [
            Stack.of(role).format_arn(service="ssm", resource="parameter", resource_name=f"{prefix}/{name}") for name in names
        ]
        role.add_to_principal_policy(iam.PolicyStatement(actions=[action], resources=arns))


def _grant_sending(role: iam.Role, around: FunctionSurroundings, queue: QueueName) -> None:
    around.queues[queue].grant_send_messages(role)
    if around.environment.is_local:
        # AWS reads a batch as many SendMessages; the emulator wants the batch granted by its own name.
        around.queues[queue].grant(role, "sqs:SendMessageBatch")
        # cfn-lint knows AWS's actions, not the emulator's; only templates of a laptop carry this.
        policy = cast("CfnResource", role.node.find_child("DefaultPolicy").node.default_child)
        policy.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3037"]}})
