"""An RDS Proxy that uses IAM on both sides: no stored password of role `app` exists anywhere."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from cdk_app.checks import acknowledge, nag_arn_of

APP_ROLE = "app"
# Silos are made after the deployment: each has a role whose name begins so (docs/decisions/0038), and no other role's does.
SILO_ROLES = "app_*"
# Waiting for a connection longer than a caller waits for an answer only piles up work (RDS's default is 120 s).
_BORROW_TIMEOUT = cdk.Duration.seconds(5)


def connect_resource(scope: Construct, resource_id: str, role: str = APP_ROLE) -> str:
    """The `rds-db:connect` ARN of a database role on an instance (`db-…`) or a proxy (`prx-…`)."""
    return cdk.Stack.of(scope).format_arn(
        service="rds-db",
        resource="dbuser",
        resource_name=f"{resource_id}/{role}",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


class IamProxy(Construct):
    """A pool in front of the writer. `host` and `resource_id` are what functions sign in to.

    The same proxy leads to every silo: it takes the database and the role from whoever connects (docs/decisions/0038).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        instance: rds.DatabaseInstance,
        security_group: ec2.SecurityGroup,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
    ) -> None:
        super().__init__(scope, construct_id)
        self.security_group = security_group
        role = self._sign_in_role(instance)
        self.proxy = rds.DatabaseProxy(
            self,
            "Resource",
            proxy_target=rds.ProxyTarget.from_instance(instance),
            vpc=vpc,
            vpc_subnets=subnets,
            security_groups=[security_group],
            role=role,
            default_auth_scheme=rds.DefaultAuthScheme.IAM_AUTH,
            require_tls=True,
            borrow_timeout=_BORROW_TIMEOUT,
            idle_client_timeout=cdk.Duration.minutes(30),
            # The rest of max_connections stays for the operations function and for people.
            max_connections_percent=80,
            max_idle_connections_percent=40,
        )
        self.host = self.proxy.endpoint
        # CloudFormation gives no attribute for the proxy's id (`prx-…`): it is the ARN's last part.
        self.resource_id = cdk.Fn.select(6, cdk.Fn.split(":", self.proxy.db_proxy_arn))

    def _sign_in_role(self, instance: rds.DatabaseInstance) -> iam.Role:
        """CDK's own role for a proxy knows secrets only; end-to-end IAM needs to connect as `app`, and as each silo's role."""
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("rds.amazonaws.com"),
            description="The proxy's sign-in to the database as role app, and as the silos' roles",
        )
        resource_id = cdk.Token.as_string(instance.instance_resource_id)
        resources = [connect_resource(self, resource_id, name) for name in (APP_ROLE, SILO_ROLES)]
        role.add_to_policy(iam.PolicyStatement(actions=["rds-db:connect"], resources=resources))
        logical_id, attribute = cdk.Stack.of(self).resolve(resource_id)["Fn::GetAtt"]
        found = f"{nag_arn_of(self, 'rds-db')}:dbuser:<{logical_id}.{attribute}>/{SILO_ROLES}"
        acknowledge(role, {f"IAM5[Resource::{found}]": "Silos are made after the deployment; no other role's name begins so."})
        return role

    @property
    def name(self) -> str:
        """The dimension of the proxy's metrics."""
        return self.proxy.db_proxy_name
