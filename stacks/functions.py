"""What the stacks of functions share: layers, and surroundings from which each function takes what its row says."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.access import CacheAccess, DatabaseAccess, NetworkAccess
from cdk_app.base import EnvironmentStack
from cdk_app.environments import Environment
from cdk_app.layers import PainelLayers
from cdk_app.profiles import Profile
from cdk_app.surroundings import FunctionSurroundings
from stacks.messaging import MessagingStack
from stacks.storage import StorageStack


class FunctionsStack(EnvironmentStack):
    """`functions` by name. `layers` is None on a laptop, where functions import from the repository."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        profile: Profile,
        network: NetworkAccess,
        database: DatabaseAccess,
        cache: CacheAccess,
        messaging: MessagingStack,
        storage: StorageStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        # Roles are granted secrets by name, which CloudFormation cannot see.
        self.add_stack_dependency(storage)
        self.layers = None if environment.is_local else PainelLayers(self, "Layers")
        self.surroundings = FunctionSurroundings(
            environment=environment,
            profile=profile,
            network=network,
            database=database,
            cache=cache,
            queues=messaging.queues,
            data_bucket=storage.data_bucket,
            layers=self.layers.versions if self.layers else (),
        )
        self.functions: dict[str, lambda_.IFunction] = {}
