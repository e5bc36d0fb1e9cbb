"""One way to make a function: size, logs, network, environment and permissions all follow from its row of the table."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.function_code import function_code
from cdk_app.function_grants import grant_needs
from cdk_app.function_spec import FunctionSpec
from cdk_app.function_variables import environment_variables
from cdk_app.layers import ARCHITECTURE, RUNTIME
from cdk_app.logs import retention_of
from cdk_app.surroundings import FunctionSurroundings


class PainelFunction(Construct):
    """The function of one row. `function` is the resource; its role grants the row's needs and nothing else."""

    def __init__(self, scope: Construct, construct_id: str, *, spec: FunctionSpec, surroundings: FunctionSurroundings) -> None:
        super().__init__(scope, construct_id)
        name = surroundings.environment.resource_name(spec.name.replace("_", "-"))
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=retention_of(surroundings.profile),
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        network = surroundings.network
        placed = spec.in_vpc and network.vpc is not None
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=spec.summary,
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"lambdas.{spec.name}.handler.handler",
            code=function_code(self, spec.name),
            layers=list(surroundings.layers),
            memory_size=spec.memory_mib,
            timeout=Duration.seconds(spec.timeout_seconds),
            environment=environment_variables(self, spec, surroundings),
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=network.vpc if placed else None,
            vpc_subnets=network.private_subnets if placed else None,
            security_groups=[network.functions_security_group] if placed and network.functions_security_group else None,
        )
        log_group.grant_write(role)
        grant_needs(self, role, spec, surroundings)
