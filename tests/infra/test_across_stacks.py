"""What only shows when all stacks are seen together: permissions, networks, queues, schedules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cdk_app.function_table import all_functions
from tests.infra.synthesis import Resource, Synthesis

# CDK's own functions, which run only while a stack is deployed.
HELPERS = ("CustomVpcRestrictDefaultSG", "LogRetention")
IN_VPC = {spec.name for spec in all_functions() if spec.in_vpc}


def _functions(synthesis: Synthesis) -> Iterator[tuple[str, Resource]]:
    """Ours, by their name in the table."""
    names = {synthesis.environment.resource_name(spec.name.replace("_", "-")): spec.name for spec in all_functions()}
    for function in synthesis.resources("AWS::Lambda::Function"):
        if not function.logical_id.startswith(HELPERS):
            yield names[function.properties["FunctionName"]], function


def _statements(synthesis: Synthesis) -> Iterator[tuple[Resource, dict[str, Any]]]:
    for policy in synthesis.resources("AWS::IAM::Policy"):
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            yield policy, statement
    for role in synthesis.resources("AWS::IAM::Role"):
        for inline in role.properties.get("Policies", []):
            for statement in inline["PolicyDocument"]["Statement"]:
                yield role, statement


@pytest.mark.req("A139", "C080", "C081")
def test_no_role_may_do_everything_of_anything(any_pair: Synthesis) -> None:
    for resource, statement in _statements(any_pair):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert "NotAction" not in statement
        for action in actions:
            assert not action.endswith(":*"), (resource.logical_id, action)
            assert action != "*", resource.logical_id


@pytest.mark.req("A139")
def test_managed_policies_are_aws_helpers_only(any_pair: Synthesis) -> None:
    managed = {
        role.logical_id.rstrip("0123456789ABCDEF")
        for role in any_pair.resources("AWS::IAM::Role")
        if role.properties.get("ManagedPolicyArns")
    }
    assert all(name.startswith((*HELPERS, "ApiGatewayLogs")) for name in managed), managed


@pytest.mark.req("A131", "A132", "A133", "B059")
def test_no_function_with_a_database_is_outside_the_private_subnets(aws_pair: Synthesis) -> None:
    seen = set()
    for name, function in _functions(aws_pair):
        variables = function.properties["Environment"]["Variables"]
        assert ("VpcConfig" in function.properties) == (name in IN_VPC), name
        if "PAINEL_DATABASE_URL" in variables or "PAINEL_CACHE_URL" in variables:
            seen.add(name)
            config = function.properties["VpcConfig"]
            subnets = {aws_pair.target(function.stack, subnet) for subnet in config["SubnetIds"]}
            assert len(subnets) == 2
            assert all(stack == "network" and subnet.startswith("VpcPrivate") for stack, subnet in subnets), name
            (group,) = config["SecurityGroupIds"]
            assert aws_pair.target(function.stack, group)[1].startswith("FunctionsSecurityGroup")
    assert seen == IN_VPC


def test_webhook_intake_stays_outside(aws_pair: Synthesis) -> None:
    """It must answer while the database is down, and start fast. The authorizer is inside for API keys (decision 0021)."""
    for name, function in _functions(aws_pair):
        if name == "webhook_intake":
            assert "VpcConfig" not in function.properties


def test_functions_sign_in_to_the_database_by_iam(aws_pair: Synthesis) -> None:
    signing = {
        policy.logical_id
        for policy, statement in _statements(aws_pair)
        if statement["Action"] == "rds-db:connect" and policy.stack in {"api", "jobs"}
    }
    with_database = {spec.name for spec in all_functions() if spec.database}
    assert len(signing) == len(with_database)
    for _, statement in _statements(aws_pair):
        if statement["Action"] == "rds-db:connect":
            assert statement["Resource"] != "*"


def test_only_operations_knows_the_masters_password(aws_pair: Synthesis) -> None:
    knowing = {
        name
        for name, function in _functions(aws_pair)
        if {"PAINEL_OWNER_SECRET", "PAINEL_OWNER_DATABASE_URL"} & function.properties["Environment"]["Variables"].keys()
    }
    assert knowing == {"operations"}


def test_operations_goes_around_the_proxy(prod: Synthesis) -> None:
    for name, function in _functions(prod):
        if name == "operations":
            variables = function.properties["Environment"]["Variables"]
            assert "Proxy" not in str(variables["PAINEL_OWNER_DATABASE_URL"])
            assert "Proxy" in str(variables["PAINEL_DATABASE_URL"])


@pytest.mark.req("A033", "A100", "B040")
def test_every_queue_has_a_dead_letter_queue_or_is_one(any_pair: Synthesis) -> None:
    queues = {queue.logical_id: queue for queue in any_pair.resources("AWS::SQS::Queue")}
    ends = {"FailedSchedules"}
    for queue in queues.values():
        policy = queue.properties.get("RedrivePolicy")
        if policy:
            end = any_pair.resource_at(queue.stack, policy["deadLetterTargetArn"])
            assert end.properties["MessageRetentionPeriod"] == 14 * 24 * 3600
        else:
            assert "Dlq" in queue.logical_id or queue.logical_id.startswith(tuple(ends)), queue.logical_id


@pytest.mark.req("A033")
def test_visibility_is_six_times_the_consumers_timeout(any_pair: Synthesis) -> None:
    mappings = list(any_pair.resources("AWS::Lambda::EventSourceMapping"))
    assert len(mappings) == 4
    for mapping in mappings:
        queue = any_pair.resource_at(mapping.stack, mapping.properties["EventSourceArn"])
        function = any_pair.resource_at(mapping.stack, mapping.properties["FunctionName"])
        assert queue.properties["VisibilityTimeout"] >= 6 * function.properties["Timeout"]
        assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.req("A034", "A101", "A102", "A103", "B041")
def test_the_schedules(any_pair: Synthesis) -> None:
    schedules = {}
    for rule in any_pair.resources("AWS::Events::Rule"):
        (target,) = rule.properties["Targets"]
        function = any_pair.resource_at(rule.stack, target["Arn"])
        schedules[function.properties["FunctionName"]] = rule.properties["ScheduleExpression"]
    name = any_pair.environment.resource_name
    assert schedules == {
        name("token-refresh"): "rate(1 hour)",
        name("sync-dispatcher"): "rate(30 minutes)",
        name("missed-feeds"): "rate(15 minutes)",
        name("cleanup"): "cron(30 6 * * ? *)",
    }


@pytest.mark.req("A114", "C039", "C085")
def test_logs_are_kept_as_long_as_the_profile_says(any_pair: Synthesis) -> None:
    for group in any_pair.resources("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] == any_pair.profile.log_retention_days, group.logical_id
