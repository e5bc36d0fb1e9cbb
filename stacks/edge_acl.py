"""CloudFront's web ACL, which AWS keeps in us-east-1 wherever the environment is."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from cdk_app.base import EnvironmentStack
from cdk_app.doors import edge_rules
from cdk_app.environments import Environment
from cdk_app.profiles import Profile
from cdk_app.web_acl import WebAcl

REGION = "us-east-1"


class EdgeAclStack(EnvironmentStack):
    """`web_acl_arn` is what the distribution names."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, profile: Profile, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, region=REGION, **kwargs)
        acl = WebAcl(
            self,
            "WebAcl",
            name=environment.resource_name("edge"),
            where="CLOUDFRONT",
            rule_set=edge_rules(),
            otherwise="allow",
            profile=profile,
        )
        self.web_acl_arn = acl.arn
