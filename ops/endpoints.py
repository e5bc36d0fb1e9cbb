"""`.painel/endpoints.json`: the only way by which tests and tools find a running system (docs/architecture.md §6)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import OperationError
from ops.home import Home, write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Every address of a running environment. `api_url` ends in /v1; None means: not part of this environment yet."""

    api_url: str
    web_url: str | None
    docs_url: str | None
    simulator_url: str
    database_url: str
    cache_url: str
    aws_endpoint_url: str
    webhook_urls: dict[str, str]
    demo: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The file's content."""
        return asdict(self)


def save(home: Home, endpoints: Endpoints) -> None:
    """Write the file; it holds passwords, so only its owner can read it."""
    write_json(home.endpoints, endpoints.as_json())


def on_aws(environment: str) -> dict[str, Any]:
    """What is known of an environment on AWS, with the caller's own AWS credentials: `api_url` and `web_url`."""
    parameters = boto3.client("ssm")
    names = {f"/painelml/{environment}/{name}": name for name in ("api_url", "web_url")}
    try:
        answer = parameters.get_parameters(Names=list(names))
    except (BotoCoreError, ClientError) as error:
        raise OperationError(
            f"The addresses of environment {environment} could not be read.",
            why=str(error),
            do="Sign in to its AWS account (AWS_PROFILE, AWS_REGION) and try again.",
        ) from error
    if answer["InvalidParameters"]:
        raise OperationError(
            f"Environment {environment} has no {', '.join(answer['InvalidParameters'])} in this account and region.",
            do=f"Deploy it: make deploy ENV={environment}",
        )
    return {names[parameter["Name"]]: parameter["Value"] for parameter in answer["Parameters"]}


def load(home: Home) -> Endpoints:
    """Read the file; raises OperationError before the first `up`."""
    try:
        return Endpoints(**json.loads(home.endpoints.read_text()))
    except FileNotFoundError as error:
        raise OperationError("Nothing has been started yet.", do="Run `make up`.") from error
    except (TypeError, json.JSONDecodeError) as error:
        raise OperationError(
            f"{home.endpoints} is not what this version writes.", why=str(error), do="Run `make up`: it writes it anew."
        ) from error
