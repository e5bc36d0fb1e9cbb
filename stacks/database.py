"""The database and who may reach and sign in to it: functions through the proxy, migrations straight, the rotation."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from cdk_app.access import DatabaseAccess
from cdk_app.base import EnvironmentStack
from cdk_app.capacity import DatabaseCapacity
from cdk_app.database_proxy import APP_ROLE, SILO_ROLES, IamProxy, connect_resource
from cdk_app.environments import Environment
from cdk_app.postgres import DATABASE_NAME, MASTER_USER, PORT, Postgres
from cdk_app.profiles import Profile
from stacks.network import NetworkStack

_ROTATED_EVERY = cdk.Duration.days(30)
_POSTGRES = ec2.Port.tcp(PORT)


class DatabaseStack(EnvironmentStack):
    """`access` is what functions are told; `instance`, `replicas` and `proxy` are for those who watch."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        profile: Profile,
        capacity: DatabaseCapacity,
        network: NetworkStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._network = network
        self.security_group = self._build_security_group("Database")
        self._admit(self.security_group, "Migrations, and reads from replicas")
        postgres = Postgres(
            self,
            "Postgres",
            profile=profile,
            capacity=capacity,
            vpc=network.vpc,
            subnets=network.isolated_subnets,
            security_group=self.security_group,
        )
        self.instance, self.replicas = postgres.instance, postgres.replicas
        self._rotate_master()
        self.proxy = self._build_proxy() if capacity.proxy else None
        host = self.instance.db_instance_endpoint_address
        door, group, resource_id = (
            (self.proxy.host, self.proxy.security_group, self.proxy.resource_id)
            if self.proxy
            else (host, self.security_group, cdk.Token.as_string(self.instance.instance_resource_id))
        )
        self.access = DatabaseAccess(
            url=f"postgresql://app@{door}:{PORT}/{DATABASE_NAME}",
            owner_url=f"postgresql://{MASTER_USER}@{host}:{PORT}/{DATABASE_NAME}",
            auth="iam",
            owner_secret=postgres.master_secret,
            connect_role_resource=self._published("AppConnectResource", connect_resource(self, resource_id, APP_ROLE)),
            connect_silos_resource=self._published("SilosConnectResource", connect_resource(self, resource_id, SILO_ROLES)),
            security_group=group,
        )

    def _build_security_group(self, name: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, f"{name}SecurityGroup", vpc=self._network.vpc, description=name, allow_all_outbound=False
        )

    def _admit(self, server: ec2.SecurityGroup, why: str) -> None:
        """Functions to `server`, both directions written here: the network stack, deployed first, knows neither."""
        functions = self._network.functions_security_group
        server.add_ingress_rule(functions, _POSTGRES, why)
        functions.add_egress_rule(server, _POSTGRES, why, True)

    def _rotate_master(self) -> None:
        """The master alone has a password; role `app` signs in with IAM tokens."""
        group = self._build_security_group("Rotation")
        self._network.allow_https_out(group)
        # The rules between this group and the database are CDK's: an equal one of ours would be refused as a duplicate.
        self.instance.add_rotation_single_user(
            automatically_after=_ROTATED_EVERY,
            security_group=group,
            # It calls Secrets Manager: in the instance's own isolated subnets it would hang.
            vpc_subnets=self._network.private_subnets,
        )

    def _build_proxy(self) -> IamProxy:
        proxy = IamProxy(
            self,
            "Proxy",
            instance=self.instance,
            security_group=self._build_security_group("Proxy"),
            vpc=self._network.vpc,
            subnets=self._network.isolated_subnets,
        )
        self._admit(proxy.security_group, "Functions, through the proxy")
        return proxy

    def _published(self, name: str, connect: str) -> str:
        """An output of its own: another stack may read an output, but not take one apart as this ARN is made."""
        output = cdk.CfnOutput(self, name, value=connect)
        output.override_logical_id(name)
        return cdk.Fn.get_stack_output(self.stack_name, name, self.region)
