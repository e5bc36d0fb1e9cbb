"""The stateless stacks, synthesized once for each pair that a test asks for, with handlers of nothing and no layers built."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import aws_cdk as cdk
from aws_cdk import assertions

from cdk_app.access import CacheAccess, DatabaseAccess, NetworkAccess
from cdk_app.environments import environment_named
from cdk_app.function_table import all_functions
from cdk_app.local import LAMBDAS_CONTEXT, REPOSITORY
from cdk_app.profiles import profile_named
from stacks.api import ApiStack
from stacks.jobs import JobsStack
from stacks.messaging import MessagingStack
from stacks.storage import StorageStack

Resources = dict[str, dict[str, Any]]
DATABASE_USERS = "arn:aws:rds-db:us-east-1:111111111111:dbuser:db-ABC"
PAIRS = [("local", "local"), ("dev", "economy"), ("staging", "growth"), ("prod", "scale")]
AWS_PAIRS = PAIRS[1:]
PROD = ("prod", "scale")


def write_handlers(folder: Path, body: str = "def handler(event, context):\n    return {}\n") -> Path:
    """One folder for each function of the table, all with the same handler."""
    for spec in all_functions():
        (folder / spec.name).mkdir(parents=True, exist_ok=True)
        # As ours: without it, Python would rather take the package of this name that the repository has.
        (folder / spec.name / "__init__.py").touch()
        (folder / spec.name / "handler.py").write_text(body)
    return folder


@cache
def templates(environment: str, profile: str) -> dict[str, assertions.Template]:
    """`storage`, `messaging`, `api` and `jobs` of one environment × profile."""
    flags = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    context = flags | {
        "aws:cdk:bundling-stacks": [],
        LAMBDAS_CONTEXT: str(write_handlers(Path(mkdtemp()) / "lambdas")),
        "emulator_url": "http://127.0.0.1:4566",
        "simulator_url": "http://127.0.0.1:8080",
    }
    app = cdk.App(context=context)
    size: dict[str, Any] = {"environment": environment_named(environment), "profile": profile_named(profile)}
    storage = StorageStack(app, "storage", **size)
    messaging = MessagingStack(app, "messaging", **size)
    around: dict[str, Any] = {
        **size,
        "network": NetworkAccess(),
        "database": DatabaseAccess(
            url="postgresql://app@db.internal:5432/painelml",
            owner_url="postgresql://master@db.internal:5432/painelml",
            auth="password" if environment == "local" else "iam",
            connect_role_resource=None if environment == "local" else f"{DATABASE_USERS}/app",
            connect_silos_resource=None if environment == "local" else f"{DATABASE_USERS}/app_*",
        ),
        "cache": CacheAccess(url="rediss+cluster://painel@cache.internal:6379"),
        "messaging": messaging,
        "storage": storage,
    }
    stacks = {
        "storage": storage,
        "messaging": messaging,
        "api": ApiStack(app, "api", **around),
        "jobs": JobsStack(app, "jobs", **around),
    }
    return {name: assertions.Template.from_stack(stack) for name, stack in stacks.items()}


def of_type(template: assertions.Template, kind: str) -> Resources:
    """The properties of every resource of type `kind`, by logical id."""
    found = template.find_resources(kind)
    return {name: dict(resource.get("Properties", {})) for name, resource in found.items()}


def statements(template: assertions.Template) -> list[dict[str, Any]]:
    """Every statement of every inline policy of a role."""
    policies = of_type(template, "AWS::IAM::Policy").values()
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def as_list(value: Any) -> list[Any]:
    """CloudFormation writes one item bare and several as a list."""
    return value if isinstance(value, list) else [value]


def functions_by_name(pair: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """The properties of each function of an environment × profile, by its name."""
    found: dict[str, dict[str, Any]] = {}
    for stack in ("api", "jobs"):
        for properties in of_type(templates(*pair)[stack], "AWS::Lambda::Function").values():
            found[properties["FunctionName"]] = properties
    return found
