"""One way to make a function: size, logs, network, environment and permissions all follow from its row of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from aws_cdk import ArnFormat, CfnResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_app.access import CacheAccess, DatabaseAccess, NetworkAccess
from cdk_app.checks import acknowledge, nag_arn_of
from cdk_app.data_bucket import data_bucket_name, nag_arn
from cdk_app.environments import Environment
from cdk_app.function_table import FunctionSpec, Purpose, QueueName
from cdk_app.layers import ARCHITECTURE, RUNTIME
from cdk_app.local import REPOSITORY, LocalAddresses, lambdas_folder
from cdk_app.profiles import Profile
from cdk_app.secret_names import parameter_prefix, secret_name

RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSurroundings:
    """Everything around the functions of one stack, from which each takes what its row says it needs.

    `origin_value` is the header value that CloudFront adds; given only where no WAF checks it.
    """

    environment: Environment
    profile: Profile
    network: NetworkAccess
    database: DatabaseAccess
    cache: CacheAccess
    queues: Mapping[QueueName, sqs.IQueue]
    data_bucket: s3.IBucket
    layers: Sequence[lambda_.ILayerVersion] = field(default=())
    origin_value: str | None = None


class PainelFunction(Construct):
    """The function of one row. `function` is the resource; its role grants the row's needs and nothing else."""

    def __init__(self, scope: Construct, construct_id: str, *, spec: FunctionSpec, surroundings: FunctionSurroundings) -> None:
        super().__init__(scope, construct_id)
        self.spec = spec
        self._around = surroundings
        environment = surroundings.environment
        name = environment.resource_name(spec.name.replace("_", "-"))
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=RETENTION[surroundings.profile.log_retention_days],
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        acknowledge(
            self.role,
            {"IAM5[Resource::*]": "X-Ray's segments and EC2's network interfaces: AWS takes no narrower resource."},
        )
        network = surroundings.network
        placed = spec.in_vpc and network.vpc is not None
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=spec.summary,
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(lambdas_folder(self) / spec.name), exclude=["__pycache__", "*.pyc"]),
            layers=list(surroundings.layers),
            memory_size=spec.memory_mib,
            timeout=Duration.seconds(spec.timeout_seconds),
            environment=self._environment_variables(),
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=network.vpc if placed else None,
            vpc_subnets=network.private_subnets if placed else None,
            security_groups=[network.functions_security_group] if placed and network.functions_security_group else None,
        )
        self._grant_needs()

    def _environment_variables(self) -> dict[str, str]:
        """The rows of docs/architecture.md §3 that this function needs."""
        spec, around = self.spec, self._around
        environment = around.environment
        variables = {
            "PAINEL_ENV": environment.name,
            "PAINEL_PARAMETERS": parameter_prefix(environment),
            "PAINEL_TRUSTED_HOPS": "0" if environment.is_local else "1",
            "POWERTOOLS_SERVICE_NAME": spec.name,
            # Said, because an emulator hands its own log level down to the functions that it runs.
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
        if spec.database:
            variables |= {
                "PAINEL_DATABASE_URL": around.database.url,
                "PAINEL_DATABASE_AUTH": around.database.auth,
            }
        if spec.owner:
            variables["PAINEL_OWNER_DATABASE_URL"] = around.database.owner_url
            if around.database.owner_secret:
                variables["PAINEL_OWNER_SECRET"] = around.database.owner_secret.secret_arn
        if spec.cache:
            variables["PAINEL_CACHE_URL"] = around.cache.url
            if around.cache.secret:
                variables["PAINEL_CACHE_SECRET"] = around.cache.secret.secret_arn
        if spec.mail:
            variables["PAINEL_MAIL_FROM"] = environment.mail_from
        for purpose in spec.secrets:
            variables[f"PAINEL_SECRET_{purpose.upper()}"] = self._secret_name(purpose)
        for queue in {*spec.sends, *spec.inspects}:
            variables[f"PAINEL_QUEUE_{queue.name}"] = around.queues[queue].queue_url
        if QueueName.JOBS in spec.sends:
            variables["PAINEL_TENANT_IN_FLIGHT"] = str(around.profile.workers.tenant_in_flight)
        if spec.uses_data:
            variables["PAINEL_DATA_BUCKET"] = around.data_bucket.bucket_name
        if around.origin_value and spec.routes:
            variables["PAINEL_ORIGIN_SECRET"] = around.origin_value
        if environment.is_local:
            variables |= self._local_variables()
        return variables

    def _local_variables(self) -> dict[str, str]:
        """The laptop's: functions run on the emulator's interpreter and import the library from the repository."""
        local = LocalAddresses.of(self)
        variables = {
            "AWS_ENDPOINT_URL": local.emulator_url,
            # The migrations lie at the repository's root, and only operations has them on AWS too.
            "PYTHONPATH": f"{REPOSITORY / 'layers'}:{REPOSITORY}" if self.spec.owner else str(REPOSITORY / "layers"),
            # A new value makes the emulator replace its warm workers, which would go on with the old code.
            "PAINEL_CODE_VERSION": local.code_version,
        }
        if Purpose.MERCADO_LIVRE in self.spec.secrets:
            variables["PAINEL_MERCADO_LIVRE_API_URL"] = local.simulator_url
            variables["PAINEL_MERCADO_LIVRE_AUTH_URL"] = local.simulator_url
        return variables

    def _secret_name(self, purpose: Purpose) -> str:
        return secret_name(purpose, environment=self._around.environment, profile=self._around.profile)

    def _grant_needs(self) -> None:
        spec, around = self.spec, self._around
        self.log_group.grant_write(self.role)
        if spec.in_vpc and around.network.vpc is not None:
            self._grant_network_interfaces()
        if spec.database:
            around.database.grant_connect(self.role, silos=spec.enters_silos)
        if spec.owner and around.database.owner_secret:
            around.database.owner_secret.grant_read(self.role)
        if spec.cache and around.cache.secret:
            around.cache.secret.grant_read(self.role)
        if spec.mail:
            self._grant_mail()
        writable = {self._secret_name(purpose) for purpose in spec.writes_secrets}
        for name in sorted({self._secret_name(purpose) for purpose in spec.secrets}):
            # By name, not by reference: the ARN's random end is then a pattern, and no export ties the stacks together.
            secret = secretsmanager.Secret.from_secret_name_v2(self, f"Secret{name.rsplit('/', 1)[-1]}", name)
            secret.grant_read(self.role)
            if name in writable:
                secret.grant_write(self.role)
        self._grant_silos()
        self._grant_parameters("ssm:GetParameter", [parameter.value for parameter in spec.parameters])
        self._grant_parameters("ssm:PutParameter", [parameter.value for parameter in spec.writes_parameters])
        for queue in spec.sends:
            around.queues[queue].grant_send_messages(self.role)
            if around.environment.is_local:
                # AWS reads a batch as many SendMessages; the emulator wants the batch granted by its own name.
                around.queues[queue].grant(self.role, "sqs:SendMessageBatch")
                self._accept_unknown_actions()
        self._grant_data()
        for queue in spec.inspects:
            around.queues[queue].grant(self.role, "sqs:GetQueueAttributes")

    def _grant_data(self) -> None:
        """Objects by the patterns of the row; whoever reads or erases below a prefix may list the bucket too."""
        spec = self.spec
        bucket = s3.Bucket.from_bucket_name(self, "Data", data_bucket_name(self, self._around.environment))
        granted = {
            ("s3:GetObject",): spec.reads_data,
            ("s3:PutObject", "s3:PutObjectTagging"): spec.writes_data,
            ("s3:DeleteObject", "s3:DeleteObjectVersion"): spec.erases_data,
        }
        for actions, patterns in granted.items():
            if patterns:
                resources = [bucket.arn_for_objects(pattern) for pattern in patterns]
                self.role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=resources))
        for pattern in sorted({*spec.reads_data, *spec.writes_data, *spec.erases_data}):
            finding = f"IAM5[Resource::{nag_arn(self._around.environment, pattern)}]"
            acknowledge(self.role, {finding: "Keys below a prefix of the data bucket: tenants are not known at deployment."})
        if spec.erases_data:
            listing = iam.PolicyStatement(actions=["s3:ListBucket", "s3:ListBucketVersions"], resources=[bucket.bucket_arn])
            self.role.add_to_principal_policy(listing)

    def _grant_mail(self) -> None:
        """Letters from the environment's sender alone. SES asks for the right on the identity that it verified."""
        sender = self._around.environment.mail_from
        identities = [
            Stack.of(self).format_arn(service="ses", resource="identity", resource_name=name)
            for name in (self._around.environment.mail_domain, sender)
        ]
        self.role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["ses:SendEmail"], resources=identities, conditions={"StringEquals": {"ses:FromAddress": sender}}
            )
        )

    def _grant_silos(self) -> None:
        """Silos' secrets are made while the environment runs, so they are granted by the names that they will have."""
        spec, around = self.spec, self._around
        actions = []
        if spec.database and (Purpose.JWT in spec.secrets or around.environment.is_local):
            actions.append("secretsmanager:GetSecretValue")  # the silo's signing key; on a laptop its password too
        if spec.owner:
            actions += ["secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"]
        if not actions:
            return
        silos = Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{parameter_prefix(around.environment)}/silos/*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.role.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=[silos]))
        path = f"{parameter_prefix(around.environment)}/silos/*"
        reason = "A silo's secret is made after the deployment; all of them lie below this name, and nothing else does."
        arn = nag_arn_of(self, "secretsmanager")
        acknowledge(self.role, {f"IAM5[Resource::{arn}:secret:{path}]": reason})

    def _accept_unknown_actions(self) -> None:
        """cfn-lint knows AWS's actions, not the emulator's; only templates of a laptop carry this."""
        policy = self.role.node.find_child("DefaultPolicy").node.default_child
        cast("CfnResource", policy).add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3037"]}})

    def _grant_parameters(self, action: str, names: Sequence[str]) -> None:
        prefix = parameter_prefix(self._around.environment).removeprefix("/")
        if names:
            arns = [
                Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=f"{prefix}/{name}")
                for name in names
            ]
            self.role.add_to_principal_policy(iam.PolicyStatement(actions=[action], resources=arns))

    def _grant_network_interfaces(self) -> None:
        """What Lambda needs to attach the function to the network; EC2 takes no narrower resource for these."""
        self.role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=[
                    "ec2:CreateNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                    "ec2:DeleteNetworkInterface",
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:UnassignPrivateIpAddresses",
                ],
                resources=["*"],
            )
        )
