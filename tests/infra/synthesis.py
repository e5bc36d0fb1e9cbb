"""Synthesized environments as plain data: templates by stack, findings, answers, and references that can be followed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from cdk_app.environments import Environment
from cdk_app.function_table import all_functions
from cdk_app.profiles import Profile
from stacks.stage import EnvironmentStage

ROOT = Path(__file__).resolve().parents[2]
LOCAL_ADDRESSES = {
    "database_url": "postgresql://app:secret@127.0.0.1:5433/painelml",
    "owner_database_url": "postgresql://master:secret@127.0.0.1:5433/painelml",
    "cache_url": "redis+cluster://painelml:secret@127.0.0.1:6380",
    "simulator_url": "http://127.0.0.1:8100",
    "emulator_url": "http://127.0.0.1:4566",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An acknowledgement: who gave it, to which rule, and why."""

    path: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    stack: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """One environment × profile. Stacks are known by their part (`network`, `api`, …)."""

    environment: Environment
    profile: Profile
    templates: dict[str, dict[str, Any]]
    depends_on: dict[str, set[str]]
    files: list[Path]
    findings: list[tuple[str, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def resources(self, kind: str = "", *, stack: str = "") -> Iterator[Resource]:
        """Resources of a type (`AWS::EC2::` means all of EC2's), in one stack or in all."""
        for part, template in self.templates.items():
            if stack and part != stack:
                continue
            for logical_id, body in template.get("Resources", {}).items():
                if body["Type"] == kind or ((kind.endswith("::") or not kind) and body["Type"].startswith(kind)):
                    yield Resource(
                        stack=part,
                        logical_id=logical_id,
                        type=body["Type"],
                        properties=body.get("Properties", {}),
                        body=body,
                    )

    def one(self, kind: str, *, stack: str = "") -> Resource:
        found = list(self.resources(kind, stack=stack))
        assert len(found) == 1, f"{len(found)} resources {kind} in {stack or 'all stacks'}"
        return found[0]

    def target(self, stack: str, value: Any) -> tuple[str, str]:
        """(stack, logical id) of the resource that a Ref, GetAtt or GetStackOutput leads to."""
        if "Ref" in value:
            return stack, value["Ref"]
        if "Fn::GetAtt" in value:
            return stack, value["Fn::GetAtt"][0]
        output = value["Fn::GetStackOutput"]
        part = output["StackName"].removeprefix(f"painelml-{self.environment.name}-")
        return self.target(part, self.templates[part]["Outputs"][output["OutputName"]]["Value"])

    def resource_at(self, stack: str, value: Any) -> Resource:
        part, logical_id = self.target(stack, value)
        return next(found for found in self.resources(stack=part) if found.logical_id == logical_id)


def references(node: Any) -> Iterator[tuple[str, Any]]:
    """Every intrinsic reference below `node`: (function, argument)."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"Ref", "Fn::GetAtt", "Fn::GetStackOutput", "Fn::ImportValue"}:
                yield key, value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def context(lambdas: Path) -> dict[str, Any]:
    """cdk.json's context, which `App()` does not read by itself; layers are not built."""
    given: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return {**given, **LOCAL_ADDRESSES, "aws:cdk:bundling-stacks": [], "lambdas_folder": str(lambdas)}


def empty_functions(folder: Path) -> Path:
    """A folder per function, as small as an asset can be."""
    for spec in all_functions():
        (folder / spec.name).mkdir(parents=True)
        (folder / spec.name / "handler.py").write_text(f"# {spec.name}\n")
    return folder


def synthesize(environment: Environment, profile: Profile, *, lambdas: Path, folder: Path) -> Synthesis:
    """Compose and synthesize. Answers are recorded, not given, so that `findings` are all that nag sees."""
    answers: list[Answer] = []

    class Recorder:
        def __init__(self, construct: IConstruct) -> None:
            self._path = construct.node.path

        def acknowledge(self, *acknowledged: cdk.Acknowledgment) -> None:
            answers.extend(Answer(path=self._path, rule=one.id, reason=one.reason) for one in acknowledged)

    app = cdk.App(context=context(lambdas), outdir=str(folder))
    with patch.object(cdk.Validations, "of", Recorder):
        EnvironmentStage(app, environment=environment, profile=profile)
    report = AwsSolutionsChecks().validate_scope(app)
    findings = [
        (violation.rule_name, resource.construct_path or "")
        for violation in report.violations
        for resource in violation.violating_resources
    ]
    assembly = app.synth()
    prefix = f"painelml-{environment.name}-"
    return Synthesis(
        environment=environment,
        profile=profile,
        templates={stack.stack_name.removeprefix(prefix): stack.template for stack in assembly.stacks},
        depends_on={
            stack.stack_name.removeprefix(prefix): {
                each.id.removeprefix(prefix) for each in stack.dependencies if not each.id.endswith(".assets")
            }
            for stack in assembly.stacks
        },
        files=[Path(stack.template_full_path) for stack in assembly.stacks],
        findings=findings,
        answers=answers,
    )
