"""What stands around the functions of one stack, from which each takes what its row says it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from cdk_app.access import CacheAccess, DatabaseAccess, NetworkAccess
from cdk_app.environments import Environment
from cdk_app.function_spec import Purpose, QueueName
from cdk_app.profiles import Profile
from cdk_app.secret_names import secret_name


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSurroundings:
    """`origin_value` is the header value that CloudFront adds; given only where no WAF checks it."""

    environment: Environment
    profile: Profile
    network: NetworkAccess
    database: DatabaseAccess
    cache: CacheAccess
    queues: Mapping[QueueName, sqs.IQueue]
    data_bucket: s3.IBucket
    layers: Sequence[lambda_.ILayerVersion] = field(default=())
    origin_value: str | None = None

    def secret_name(self, purpose: Purpose) -> str:
        """The name of the secret that holds `purpose` in this environment."""
        return secret_name(purpose, environment=self.environment, profile=self.profile)
