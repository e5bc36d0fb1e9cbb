"""The stack that every stack of the app is: placed, tagged and synthesized the same way."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import jsii
from constructs import Construct

from cdk_app.environments import Environment


class EnvironmentStack(cdk.Stack):
    """A stack in its environment's account and region (or in `region`, for what AWS keeps in us-east-1)."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, region: str | None = None, **kwargs: Any
    ) -> None:
        if environment.is_local:
            # The emulator has no bootstrap roles to assume where it checks credentials.
            kwargs.setdefault("synthesizer", cdk.CliCredentialsStackSynthesizer())
        super().__init__(
            scope,
            construct_id,
            env=cdk.Environment(account=environment.account, region=region or environment.region),
            **kwargs,
        )

    @property
    @jsii.member(jsii_name="availabilityZones")
    def availability_zones(self) -> list[str]:
        """The region's first two zones, chosen at deploy: the inherited property would ask AWS at synth."""
        return [cdk.Fn.select(index, cdk.Fn.get_azs()) for index in range(2)]
