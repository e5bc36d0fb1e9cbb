"""How a command asks the operations function of an environment, here or on AWS, and tells what it would not do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ops import endpoints
from ops.aws import LocalAws
from ops.console import Report
from ops.errors import OperationError
from ops.home import Home

Operate = Callable[..., Any]
Env = Annotated[str, typer.Option("--env", help="local, or an environment on AWS (with your AWS credentials).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]


@contextmanager
def explained(as_json: bool) -> Iterator[Report]:
    """A report; an OperationError becomes its explanation and exit code 1."""
    report = Report(as_json=as_json)
    try:
        yield report
    except OperationError as error:
        report.failure(error)
        raise typer.Exit(1) from None


@contextmanager
def asked(env: str, as_json: bool) -> Iterator[tuple[Report, Operate]]:
    """A report, and what asks for a verb: its answer, or OperationError with its refusal in its own words."""
    with explained(as_json) as report:
        if env == "local":
            endpoints.load(Home.default())  # says so where nothing has been started
        ask = LocalAws(Home.default()).operate if env == "local" else _on_aws(env)
        yield report, lambda verb, **args: answered(verb, ask(verb, **args))


def answered(verb: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What an operation answered; raises OperationError where it was refused."""
    if "error" in answer:
        code, detail = answer["error"]["code"], answer["error"]["detail"]
        do = {
            "not_found": "See `painel tenant list`. Nothing was changed.",
            "database_unavailable": "See `painel status`, then `make up`. Nothing was changed.",
        }
        raise OperationError(
            f"{verb} was refused: {code}.", why=detail, do=do.get(code, "Correct it and run the command again.")
        )
    return answer


def _on_aws(env: str) -> Operate:
    def operate(verb: str, **args: Any) -> Any:
        patient = Config(read_timeout=900, retries={"total_max_attempts": 1})
        try:
            answer = boto3.client("lambda", config=patient).invoke(
                FunctionName=f"painelml-{env}-operations", Payload=json.dumps({"verb": verb, "args": args}).encode()
            )
        except (BotoCoreError, ClientError) as error:
            raise OperationError(
                f"The operations function of {env} could not be asked to {verb}.",
                why=str(error),
                do="Sign in to its AWS account (AWS_PROFILE, AWS_REGION), and check the name of the environment.",
            ) from error
        told = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            why = str(told.get("errorMessage", told))
            raise OperationError(f"{verb} was refused or failed.", why=why, do="Put right what it names, then run this again.")
        return told

    return operate
