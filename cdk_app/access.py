"""What a function needs to reach the network, the database and the cache, wherever they are: on AWS or on a laptop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAccess:
    """Where functions that use the database live. Everything is None on a laptop, where functions are processes."""

    vpc: ec2.IVpc | None = None
    functions_security_group: ec2.ISecurityGroup | None = None
    private_subnets: ec2.SubnetSelection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccess:
    """The two doors of the database: `url` for role `app`, `owner_url` for the operations function (never the proxy).

    `connect_role_resource` is the `rds-db:connect` ARN of role `app`, `connect_silos_resource` that of all silos' roles; None
    where `auth` is a password in the URL.
    """

    url: str
    owner_url: str
    auth: Literal["iam", "password"]
    owner_secret: secretsmanager.ISecret | None = None
    connect_role_resource: str | None = None
    connect_silos_resource: str | None = None
    security_group: ec2.ISecurityGroup | None = None

    def grant_connect(self, grantee: iam.IGrantable, *, silos: bool) -> None:
        """Let `grantee` sign in with IAM tokens, as `app` and as the silos' roles; nothing to do where passwords are used."""
        resources = [self.connect_role_resource, self.connect_silos_resource if silos else None]
        if arns := [resource for resource in resources if resource]:
            iam.Grant.add_to_principal(grantee=grantee, actions=["rds-db:connect"], resource_arns=arns)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAccess:
    """The cache's URL; its scheme says cluster and TLS. `secret` holds the user's `password` on AWS."""

    url: str
    secret: secretsmanager.ISecret | None = None
    security_group: ec2.ISecurityGroup | None = None
