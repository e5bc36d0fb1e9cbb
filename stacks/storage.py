"""What is kept: the data bucket, the logs bucket, and the application's secrets."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, RemovalPolicy, SecretValue
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk_app.base import EnvironmentStack
from cdk_app.checks import acknowledge, acknowledge_plain_http
from cdk_app.data_bucket import data_bucket_name
from cdk_app.data_lifecycle import data_lifecycle
from cdk_app.environments import Environment
from cdk_app.function_spec import Purpose
from cdk_app.profiles import Profile
from cdk_app.secret_names import ORIGIN_KEY, origin_secret_name, secret_name


class StorageStack(EnvironmentStack):
    """`data_bucket` (tenants/{id}/uploads|backups|exports, static/, documentation/, operations/), and `secrets`.

    `origin_value` is a secret of its own kind: AWS makes it, CloudFront sends it, the API's door checks it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, profile: Profile, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._removal = RemovalPolicy.DESTROY if environment.is_local else RemovalPolicy.RETAIN
        self._tls_only = environment.speaks_tls
        self.logs_bucket = self._logs_bucket(retention_days=profile.log_retention_days)
        self.data_bucket = self._data_bucket(data_bucket_name(self, environment))
        if not self._tls_only:
            for bucket in (self.logs_bucket, self.data_bucket):
                acknowledge_plain_http(bucket, "S10")
        self._by_name: dict[str, secretsmanager.Secret] = {}
        self.origin_secret = self._secret(origin_secret_name(environment=environment, profile=profile), origin=True)
        self.secrets: dict[Purpose, secretsmanager.ISecret] = {
            purpose: self._secret(secret_name(purpose, environment=environment, profile=profile)) for purpose in Purpose
        }

    @property
    def origin_value(self) -> SecretValue:
        """The value of the `x-origin-verify` header: what proves to the API that a request came through CloudFront."""
        return self.origin_secret.secret_value_from_json(ORIGIN_KEY)

    def _logs_bucket(self, *, retention_days: int) -> s3.Bucket:
        return s3.Bucket(
            self,
            "Logs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            # CloudFront's standard logs are delivered by ACL.
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            enforce_ssl=self._tls_only,
            removal_policy=self._removal,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire",
                    expiration=Duration.days(retention_days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )

    def _data_bucket(self, name: str) -> s3.Bucket:
        return s3.Bucket(
            self,
            "Data",
            # Named, so that functions of other stacks are granted keys in it by patterns that can be read and reviewed.
            bucket_name=name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=self._tls_only,
            versioned=True,
            server_access_logs_bucket=self.logs_bucket,
            server_access_logs_prefix="s3/data/",
            removal_policy=self._removal,
            lifecycle_rules=data_lifecycle(),
        )

    def _secret(self, name: str, *, origin: bool = False) -> secretsmanager.Secret:
        """One secret of this name; asked for twice, the same one. Born as a JSON object that `operations` fills."""
        if name in self._by_name:
            return self._by_name[name]
        leaf = name.rsplit("/", 1)[-1]
        common: dict[str, Any] = {
            "secret_name": name,
            "description": f"PainelML: {leaf.replace('_', ' ')}",
            "removal_policy": self._removal,
        }
        if origin:
            generated = secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - an empty JSON object
                generate_string_key=ORIGIN_KEY,
                exclude_punctuation=True,
                password_length=48,
            )
            secret = secretsmanager.Secret(self, f"Secret{leaf}", generate_secret_string=generated, **common)
        else:
            empty = SecretValue.unsafe_plain_text("{}")
            secret = secretsmanager.Secret(self, f"Secret{leaf}", secret_string_value=empty, **common)
        acknowledge(
            secret,
            {"SMG4": "Two values are valid while one replaces the other: operations and people change them (0009)."},
        )
        self._by_name[name] = secret
        return secret
