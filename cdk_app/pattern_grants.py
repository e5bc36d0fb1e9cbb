"""Grants of what does not exist at the deployment, by the names that it will have: keys of tenants, secrets of silos."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.checks import acknowledge, nag_arn_of
from cdk_app.data_bucket import data_bucket_name, nag_arn
from cdk_app.environments import Environment
from cdk_app.function_spec import FunctionSpec, Purpose
from cdk_app.secret_names import parameter_prefix


def grant_data(scope: Construct, role: iam.Role, spec: FunctionSpec, environment: Environment) -> None:
    """Objects by the patterns of the row; whoever erases below a prefix may list the bucket too."""
    bucket = s3.Bucket.from_bucket_name(scope, "Data", data_bucket_name(scope, environment))
    granted = {
        ("s3:GetObject",): spec.reads_data,
        ("s3:PutObject", "s3:PutObjectTagging"): spec.writes_data,
        ("s3:DeleteObject", "s3:DeleteObjectVersion"): spec.erases_data,
    }
    for actions, patterns in granted.items():
        if patterns:
            resources = [bucket.arn_for_objects(pattern) for pattern in patterns]
            role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=resources))
    for pattern in sorted({*spec.reads_data, *spec.writes_data, *spec.erases_data}):
        finding = f"IAM5[Resource::{nag_arn(environment, pattern)}]"
        acknowledge(role, {finding: "Keys below a prefix of the data bucket: tenants are not known at deployment."})
    if spec.erases_data:
        listing = iam.PolicyStatement(actions=["s3:ListBucket", "s3:ListBucketVersions"], resources=[bucket.bucket_arn])
        role.add_to_principal_policy(listing)


def grant_silos(role: iam.Role, spec: FunctionSpec, environment: Environment) -> None:
    """Silos' secrets are made while the environment runs."""
    actions = []
    if spec.database and (Purpose.JWT in spec.secrets or environment.is_local):
        actions.append("secretsmanager:GetSecretValue")  # the silo's signing key; on a laptop its password too
    if spec.owner:
        actions += ["secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"]
    if not actions:
        return
    path = f"{parameter_prefix(environment)}/silos/*"
    silos = Stack.of(role).format_arn(
        service="secretsmanager", resource="secret", resource_name=path, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    role.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=[silos]))
    reason = "A silo's secret is made after the deployment; all of them lie below this name, and nothing else does."
    acknowledge(role, {f"IAM5[Resource::{nag_arn_of(role, 'secretsmanager')}:secret:{path}]": reason})
