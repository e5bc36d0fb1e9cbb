"""What must not regress in the API, the functions and the storage of every environment."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cdk_app.function_spec import FunctionSpec, Route
from cdk_app.function_table import all_functions
from cdk_app.gateway_problems import GATEWAY_PROBLEMS
from tests.infra.stateless import (
    AWS_PAIRS,
    DATABASE_USERS,
    PAIRS,
    PROD,
    as_list,
    functions_by_name,
    of_type,
    statements,
    templates,
)

STATELESS = ("api", "jobs")


@pytest.mark.req("A139")
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("stack", STATELESS)
def test_no_role_has_a_star_among_its_actions(pair: tuple[str, str], stack: str) -> None:
    template = templates(*pair)[stack]
    for statement in statements(template):
        assert all(not action.endswith(":*") and action != "*" for action in as_list(statement["Action"]))
    for role in of_type(template, "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role


@pytest.mark.req("A139")
@pytest.mark.parametrize("stack", STATELESS)
def test_only_tracing_and_network_interfaces_have_no_narrower_resource(stack: str) -> None:
    for statement in statements(templates(*PROD)[stack]):
        if "*" in as_list(statement["Resource"]):
            assert all(action.startswith(("xray:", "ec2:")) for action in as_list(statement["Action"]))


def _granted(pair: tuple[str, str], spec: FunctionSpec) -> str:
    """Everything that a function's role may do, as text."""
    found = []
    for stack in STATELESS:
        for name, policy in of_type(templates(*pair)[stack], "AWS::IAM::Policy").items():
            if name.startswith(f"{spec.name.replace('_', '')}Role"):
                found.append(policy["PolicyDocument"]["Statement"])
    return json.dumps(found)


@pytest.mark.req("A137", "A139")
@pytest.mark.parametrize("spec", list(all_functions()), ids=lambda spec: spec.name)
def test_a_function_reads_its_own_secrets_and_no_other(spec: FunctionSpec) -> None:
    granted = set(re.findall(r"secret:/painelml/prod/(\w+)-\?{6}", _granted(PROD, spec)))
    assert granted == {purpose.value for purpose in spec.secrets}


@pytest.mark.parametrize("spec", [spec for spec in all_functions() if len(spec.sends) > 1], ids=lambda spec: spec.name)
def test_queues_are_told_in_the_rows_order_so_that_two_syntheses_are_alike(spec: FunctionSpec) -> None:
    told = functions_by_name(PROD)[f"painelml-{spec.name.replace('_', '-')}"]["Environment"]["Variables"]
    queues = [name.removeprefix("PAINEL_QUEUE_") for name in told if name.startswith("PAINEL_QUEUE_")]
    assert queues == [queue.name for queue in spec.sends]


@pytest.mark.req("A139")
def test_only_operations_writes_secrets_and_parameters() -> None:
    writers = {
        spec.name
        for spec in all_functions()
        if re.search(r"secretsmanager:PutSecretValue|ssm:PutParameter", _granted(PROD, spec))
    }
    assert writers == {"operations"}


@pytest.mark.req("A143")
def test_the_database_is_entered_by_iam_where_the_row_says_so() -> None:
    connecting = {spec.name for spec in all_functions() if "rds-db:connect" in _granted(PROD, spec)}
    assert connecting == {spec.name for spec in all_functions() if spec.database}


@pytest.mark.req("A139", "K09")
def test_silos_are_entered_where_tenants_are_and_unmade_by_operations_alone() -> None:
    entering = {spec.name for spec in all_functions() if f"{DATABASE_USERS}/app_*" in _granted(PROD, spec)}
    assert entering == {spec.name for spec in all_functions() if spec.database} - {
        "authorizer",
        "health",
        "payments_worker",
        "sync_dispatcher",
    }
    for action in ("CreateSecret", "DeleteSecret"):
        granted = {spec.name for spec in all_functions() if f"secretsmanager:{action}" in _granted(PROD, spec)}
        assert granted == {"operations"}


@pytest.mark.req("A034", "A101", "A102", "A103", "B041")
@pytest.mark.parametrize("pair", PAIRS)
def test_the_schedules(pair: tuple[str, str]) -> None:
    rules = of_type(templates(*pair)["jobs"], "AWS::Events::Rule").values()
    assert {rule["Description"]: rule["ScheduleExpression"] for rule in rules} == {
        "Starts token_refresh.": "rate(1 hour)",
        "Starts sync_dispatcher.": "rate(30 minutes)",
        "Starts missed_feeds.": "rate(15 minutes)",
        "Starts cleanup.": "cron(30 6 * * ? *)",
    }
    for rule in rules:
        [target] = rule["Targets"]
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 2
        assert target["DeadLetterConfig"]


@pytest.mark.req("A034")
def test_a_scheduled_run_that_fails_for_good_is_kept() -> None:
    template = templates(*PROD)["jobs"]
    assert len(of_type(template, "AWS::Lambda::EventInvokeConfig")) == 4
    for config in of_type(template, "AWS::Lambda::EventInvokeConfig").values():
        assert config["DestinationConfig"]["OnFailure"]["Destination"]


@pytest.mark.req("A031", "K01")
@pytest.mark.parametrize(("pair", "most"), list(zip(PAIRS, (2, 2, 6, 10), strict=True)))
def test_workers_report_single_failures_and_keep_to_the_profiles_concurrency(pair: tuple[str, str], most: int) -> None:
    mappings = of_type(templates(*pair)["jobs"], "AWS::Lambda::EventSourceMapping").values()
    assert len(mappings) == 4
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": most}
    assert not any("ReservedConcurrentExecutions" in function for function in functions_by_name(pair).values())


@pytest.mark.req("A030", "K01", "K22")
@pytest.mark.parametrize(("pair", "least", "most"), [(("staging", "growth"), 1, 6), (PROD, 2, 20)])
def test_hot_functions_follow_their_use(pair: tuple[str, str], least: int, most: int) -> None:
    targets = of_type(templates(*pair)["api"], "AWS::ApplicationAutoScaling::ScalableTarget").values()
    assert len(targets) == sum(spec.hot for spec in all_functions()) <= 3
    assert all((target["MinCapacity"], target["MaxCapacity"]) == (least, most) for target in targets)


@pytest.mark.req("A030")
@pytest.mark.parametrize("pair", PAIRS[:2])
def test_small_profiles_pay_for_nothing_that_idles(pair: tuple[str, str]) -> None:
    assert not of_type(templates(*pair)["api"], "AWS::ApplicationAutoScaling::ScalableTarget")


@pytest.mark.req("A112", "A113", "A114", "A036", "K15")
@pytest.mark.parametrize(("pair", "days"), list(zip(PAIRS, (7, 7, 14, 30), strict=True)))
def test_functions_log_json_into_groups_of_their_own_and_are_traced(pair: tuple[str, str], days: int) -> None:
    functions = functions_by_name(pair)
    assert len(functions) == len(list(all_functions()))
    for function in functions.values():
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["Runtime"] == "python3.14"
        assert function["Architectures"] == ["arm64"]
    for stack in STATELESS:
        groups = of_type(templates(*pair)[stack], "AWS::Logs::LogGroup").values()
        assert all(group["RetentionInDays"] == days for group in groups)


@pytest.mark.req("A048")
@pytest.mark.parametrize("pair", PAIRS)
def test_whatever_is_not_declared_public_asks_the_authorizer(pair: tuple[str, str]) -> None:
    template = templates(*pair)["api"]
    resources = of_type(template, "AWS::ApiGateway::Resource")

    def path(identity: Any) -> str:
        properties = resources.get(identity.get("Ref", ""), {})
        above = path(properties["ParentId"]) if properties.get("ParentId", {}).get("Ref") else ""
        return f"{above}/{properties['PathPart']}" if properties else ""

    public = {
        path(method["ResourceId"])
        for method in of_type(template, "AWS::ApiGateway::Method").values()
        if method["AuthorizationType"] == "NONE"
    }
    assert public == {
        "/v1/auth/{proxy+}",
        "/v1/auth/forgot-password",
        "/v1/auth/reset-password",
        "/v1/auth/verify-email",
        "/v1/auth/accept-invitation",
        "/v1/.well-known/{proxy+}",
        "/v1/branding/public",
        "/v1/ml-accounts/callback",
        "/v1/health",
        "/v1/ready",
        "/v1/billing/plans",
        "/v1/webhooks/stripe",
        "/v1/webhooks/mercado-livre/{token}",
    }


@pytest.mark.req("A048")
@pytest.mark.parametrize("pair", PAIRS)
def test_the_authorizers_answer_is_kept_for_at_most_a_minute(pair: tuple[str, str]) -> None:
    [authorizer] = of_type(templates(*pair)["api"], "AWS::ApiGateway::Authorizer").values()
    assert authorizer["Type"] == "REQUEST"
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    assert 0 < authorizer["AuthorizerResultTtlInSeconds"] <= 60


@pytest.mark.req("A027", "A029", "A035", "A036")
@pytest.mark.parametrize("pair", PAIRS)
def test_the_stage_logs_traces_and_throttles(pair: tuple[str, str]) -> None:
    template = templates(*pair)["api"]
    [stage] = of_type(template, "AWS::ApiGateway::Stage").values()
    [everything] = stage["MethodSettings"]
    assert stage["StageName"] == "api"
    assert stage["TracingEnabled"] is True
    assert everything["ThrottlingRateLimit"] > 0
    assert everything["DataTraceEnabled"] is False
    entry = json.loads(stage["AccessLogSetting"]["Format"])
    assert {"requestId", "tenantId", "userId", "timestamp", "status"} <= entry.keys()
    # A webhook's path carries its token.
    assert "$context.path" not in entry.values()
    [api] = of_type(template, "AWS::ApiGateway::RestApi").values()
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


@pytest.mark.req("A029")
def test_a_function_has_one_permission_for_the_gateway() -> None:
    template = templates(*PROD)["api"]
    permissions = [
        permission["FunctionName"]
        for permission in of_type(template, "AWS::Lambda::Permission").values()
        if "*/*" in json.dumps(permission["SourceArn"])
    ]
    functions = [spec for spec in all_functions() if spec.routes]
    assert len(permissions) == len(functions)


@pytest.mark.req("A029")
def test_the_gateways_own_errors_are_problems() -> None:
    responses = {
        response["ResponseType"]: response
        for response in of_type(templates(*PROD)["api"], "AWS::ApiGateway::GatewayResponse").values()
    }
    for problem in GATEWAY_PROBLEMS:
        response = responses[problem.kind]
        assert response["StatusCode"] == str(problem.status.value)
        body = json.loads(response["ResponseTemplates"]["application/json"])
        assert {"type", "title", "status", "detail", "code", "request_id"} == body.keys()
        assert response["ResponseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    assert "gatewayresponse.header.Retry-After" in responses["THROTTLED"]["ResponseParameters"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= responses.keys()


@pytest.mark.req("A032", "A141", "K17", "K35", "D062", "D063", "D064")
@pytest.mark.parametrize("pair", AWS_PAIRS)
def test_buckets_are_private_encrypted_and_tls_only(pair: tuple[str, str]) -> None:
    template = templates(*pair)["storage"]
    buckets = of_type(template, "AWS::S3::Bucket")
    assert len(buckets) == 2
    for bucket in buckets.values():
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(of_type(template, "AWS::S3::BucketPolicy")) == 2


@pytest.mark.req("A032", "K17", "K35", "D063", "C035")
def test_backups_and_old_versions_live_as_long_as_planned() -> None:
    buckets = of_type(templates(*PROD)["storage"], "AWS::S3::Bucket").values()
    [data] = [bucket for bucket in buckets if "VersioningConfiguration" in bucket]
    rules = {rule["Id"]: rule for rule in data["LifecycleConfiguration"]["Rules"]}
    assert {name: rules[f"backups-{name}"]["ExpirationInDays"] for name in ("daily", "weekly", "monthly")} == {
        "daily": 7,
        "weekly": 28,
        "monthly": 372,
    }
    old = rules["tenants-old-versions"]
    assert (old["Prefix"], old["NoncurrentVersionExpiration"]["NoncurrentDays"]) == ("tenants/", 30)
    assert rules["operations"]["ExpirationInDays"] == 14


@pytest.mark.req("A137", "K26")
@pytest.mark.parametrize(
    ("pair", "names"),
    [
        (("dev", "economy"), {"keys", "partners"}),
        (PROD, {"origin", "jwt", "encryption", "webhooks", "mercado_livre", "stripe"}),
    ],
)
def test_secrets_are_named_by_purpose_and_grouped_where_the_profile_saves(pair: tuple[str, str], names: set[str]) -> None:
    secrets = of_type(templates(*pair)["storage"], "AWS::SecretsManager::Secret").values()
    assert {secret["Name"] for secret in secrets} == {f"/painelml/{pair[0]}/{name}" for name in names}
    assert all("KmsKeyId" not in secret for secret in secrets)


@pytest.mark.req("A134")
def test_without_a_waf_the_functions_check_that_cloudfront_sent_the_request() -> None:
    for pair, checks in ((("dev", "economy"), True), (PROD, False), (("local", "local"), False)):
        for spec in all_functions():
            if spec.routes:
                prefix = "painelml" if pair[0] == "prod" else f"painelml-{pair[0]}"
                variables = functions_by_name(pair)[f"{prefix}-{spec.name.replace('_', '-')}"]["Environment"]["Variables"]
                assert ("PAINEL_ORIGIN_SECRET" in variables) is checks


@pytest.mark.req("A035")
def test_alarms_may_publish_to_the_topics() -> None:
    for policy in of_type(templates(*PROD)["messaging"], "AWS::SNS::TopicPolicy").values():
        allowed = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
        assert any("cloudwatch.amazonaws.com" in json.dumps(statement["Principal"]) for statement in allowed)
        assert all("aws:SourceAccount" in json.dumps(statement["Condition"]) for statement in allowed)


def test_a_row_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 900 seconds"):
        FunctionSpec(name="slow", summary="", timeout_seconds=901)
    with pytest.raises(ValueError, match="gives up after 29 s"):
        FunctionSpec(name="page", summary="", timeout_seconds=60, routes=(Route(path="page"),))
