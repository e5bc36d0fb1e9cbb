"""boto3 clients, made on first use: importing boto3 costs as much as everything else in a cold start."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


@cache
def _client(service: str, **settings: Any) -> Any:
    import boto3
    from botocore.config import Config

    bounded = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"}, **settings)
    return boto3.client(service, config=bounded)


def sqs() -> SQSClient:
    client: SQSClient = _client("sqs")
    return client


def secrets_manager() -> SecretsManagerClient:
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def ssm() -> SSMClient:
    client: SSMClient = _client("ssm")
    return client


def s3() -> S3Client:
    client: S3Client = _client("s3", signature_version="s3v4")  # what links to objects are signed with
    return client


def rds() -> Any:
    return _client("rds")


def ses() -> Any:
    return _client("sesv2")
