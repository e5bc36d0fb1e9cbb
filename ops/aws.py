"""The few AWS calls of the command line: secrets, parameters, and the operations function."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ops import emulator
from ops.errors import OperationError
from ops.home import Home

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

# Migrations take minutes at most; a retry of an invocation would run them twice at once.
_PATIENT = Config(read_timeout=900, connect_timeout=5, retries={"total_max_attempts": 1})


class LocalAws:
    """Clients for the emulator of one environment."""

    def __init__(self, home: Home) -> None:
        self._session = boto3.Session(
            aws_access_key_id=emulator.ACCESS_KEY,
            aws_secret_access_key=emulator.SECRET_KEY,
            region_name=emulator.REGION,
        )
        self._url = emulator.url(home)

    @cached_property
    def functions(self) -> LambdaClient:
        client: LambdaClient = self._session.client("lambda", endpoint_url=self._url, config=_PATIENT)
        return client

    @cached_property
    def secrets(self) -> SecretsManagerClient:
        client: SecretsManagerClient = self._session.client("secretsmanager", endpoint_url=self._url)
        return client

    @cached_property
    def parameters(self) -> SSMClient:
        client: SSMClient = self._session.client("ssm", endpoint_url=self._url)
        return client

    @cached_property
    def objects(self) -> S3Client:
        client: S3Client = self._session.client("s3", endpoint_url=self._url)
        return client

    @cached_property
    def stacks(self) -> CloudFormationClient:
        client: CloudFormationClient = self._session.client("cloudformation", endpoint_url=self._url)
        return client

    def client(self, service: str) -> Any:
        """A client of any other service."""
        return self._session.client(service, endpoint_url=self._url)

    def output(self, stack: str, name: str) -> str:
        """An output of a deployed stack; raises OperationError if the stack has none of this name."""
        described = self.stacks.describe_stacks(StackName=stack)["Stacks"][0]
        for output in described.get("Outputs", []):
            if output.get("OutputKey") == name:
                return str(output.get("OutputValue"))
        raise OperationError(f"Stack {stack} has no output {name}.", do="Run `make up` again.")

    def domain_name(self, distribution: str) -> str:
        """The host name of a CloudFront distribution."""
        edge: Any = self._session.client("cloudfront", endpoint_url=self._url)
        return str(edge.get_distribution(Id=distribution)["Distribution"]["DomainName"])

    def verify_sender(self, address: str) -> None:
        """Let letters from `address` leave: SES takes none from a sender that it has not verified."""
        mail = self._session.client("sesv2", endpoint_url=self._url)
        with suppress(mail.exceptions.AlreadyExistsException):
            mail.create_email_identity(EmailIdentity=address)

    def operate(self, verb: str, **args: Any) -> Any:
        """Invoke `operations` with a verb; its answer. Raises OperationError with the function's own words."""
        try:
            answer = self.functions.invoke(
                FunctionName="painelml-local-operations", Payload=json.dumps({"verb": verb, "args": args}).encode()
            )
        except (BotoCoreError, ClientError) as error:
            raise OperationError(
                f"The operations function could not be asked to {verb}.", why=str(error), do="See `painel status`."
            ) from error
        payload = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise OperationError(
                f"The operations function failed at {verb}.",
                why=str(payload.get("errorMessage", payload)),
                do="Put right what it complains about, then repeat the command.",
            )
        return payload

    def secret(self, name: str) -> dict[str, Any]:
        """The JSON object of the secret called `name`."""
        document: dict[str, Any] = json.loads(self.secrets.get_secret_value(SecretId=name)["SecretString"])
        return document

    def fill_secret(self, name: str, **purposes: Any) -> None:
        """Set `purposes` in the secret's JSON object and leave the rest; writes only if something changes."""
        held = self.secret(name)
        if (wanted := held | purposes) != held:
            self.secrets.put_secret_value(SecretId=name, SecretString=json.dumps(wanted))

    def parameter(self, name: str) -> str | None:
        """The value of an SSM parameter, or None if there is none of this name."""
        try:
            return self.parameters.get_parameter(Name=name)["Parameter"]["Value"]
        except self.parameters.exceptions.ParameterNotFound:
            return None

    def set_parameter(self, name: str, value: str) -> None:
        """Create or replace an SSM parameter."""
        self.parameters.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
