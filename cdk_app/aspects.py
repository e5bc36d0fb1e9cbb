"""What is true of every resource, whoever makes it."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import IConstruct

from cdk_app.environments import Environment
from cdk_app.profiles import Profile

# CDK's type says that it takes tags; CloudFormation's schema refuses them.
_UNTAGGABLE = ("AWS::RDS::DBProxyTargetGroup",)


def add_tags(scope: IConstruct, *, environment: Environment, profile: Profile) -> None:
    """Tag everything below `scope`, so that a bill and an incident both say whose a resource is."""
    for key, value in (("project", "painelml"), ("environment", environment.name), ("profile", profile.name)):
        cdk.Tags.of(scope).add(key, value, exclude_resource_types=list(_UNTAGGABLE))
