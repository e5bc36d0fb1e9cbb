"""What must not regress in the queues of every environment, and in the intake that leads straight into one."""

from __future__ import annotations

import json
import re

import pytest

from cdk_app.direct_intake import message_template
from cdk_app.function_spec import QueueName
from cdk_app.function_table import all_functions
from tests.infra.stateless import AWS_PAIRS, PAIRS, PROD, functions_by_name, of_type, templates


@pytest.mark.req("A033", "A098", "A099", "A100", "B039", "B040", "K27")
def test_prod_has_the_planned_queue_names() -> None:
    queues = of_type(templates(*PROD)["messaging"], "AWS::SQS::Queue")
    assert {queue["QueueName"] for queue in queues.values()} == {
        "painelml-webhooks",
        "painelml-webhooks-dlq",
        "painelml-payments",
        "painelml-payments-dlq",
        "painelml-jobs",
        "painelml-jobs-dlq",
        "painelml-outgoing-text.fifo",
        "painelml-outgoing-text-dlq.fifo",
    }


@pytest.mark.req("A098")
def test_other_environments_carry_their_own_name() -> None:
    queues = of_type(templates("staging", "growth")["messaging"], "AWS::SQS::Queue")
    assert all(queue["QueueName"].startswith("painelml-staging-") for queue in queues.values())


@pytest.mark.req("A100", "B040")
@pytest.mark.parametrize("pair", PAIRS)
def test_every_working_queue_has_a_dlq_that_keeps_fourteen_days(pair: tuple[str, str]) -> None:
    queues = of_type(templates(*pair)["messaging"], "AWS::SQS::Queue")
    working = [queue for queue in queues.values() if "-dlq" not in queue["QueueName"]]
    assert len(working) == len(QueueName)
    for queue in working:
        dlq = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert dlq["QueueName"] == queue["QueueName"].replace(".fifo", "") + "-dlq" + (
            ".fifo" if queue.get("FifoQueue") else ""
        )
        assert dlq["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.req("A033")
@pytest.mark.parametrize("pair", PAIRS)
def test_visibility_is_at_least_six_times_the_consumers_timeout(pair: tuple[str, str]) -> None:
    by_name = {
        queue["QueueName"].removesuffix(".fifo"): queue["VisibilityTimeout"]
        for queue in of_type(templates(*pair)["messaging"], "AWS::SQS::Queue").values()
        if "VisibilityTimeout" in queue
    }
    functions = functions_by_name(pair)
    for spec in all_functions():
        if spec.batch:
            prefix = "painelml" if pair[0] == "prod" else f"painelml-{pair[0]}"
            timeout = functions[f"{prefix}-{spec.name.replace('_', '-')}"]["Timeout"]
            assert by_name[f"{prefix}-{spec.batch.queue}"] >= 6 * timeout
    assert all(seconds >= 6 * 15 for seconds in by_name.values())


@pytest.mark.req("A143")
@pytest.mark.parametrize("pair", AWS_PAIRS)
def test_queues_and_topics_refuse_plain_http(pair: tuple[str, str]) -> None:
    template = templates(*pair)["messaging"]
    for kind, guarded in (("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"), ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy")):
        policies = of_type(template, guarded).values()
        denials = [
            statement
            for policy in policies
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        assert len(denials) == len(of_type(template, kind))


@pytest.mark.req("A033", "K27")
def test_every_value_that_the_direct_intake_inserts_is_url_encoded() -> None:
    template = message_template(source="mercado-livre")
    names_and_constants = re.sub(r"\$util\.urlEncode\([^()]*(\([^()]*\))?\)", "", template)
    assert "$" not in names_and_constants
    assert "MessageGroupId" not in template
    for name in ("path_token", "source_ip", "received_ms", "source"):
        assert f".Name={name}&" in template
    assert "$context.identity.sourceIp" in template
    assert "$context.requestTimeEpoch" in template
    assert "MessageSystemAttribute.1.Name=AWSTraceHeader" in template


@pytest.mark.req("A033", "A036")
@pytest.mark.parametrize("pair", PAIRS)
def test_the_direct_intake_stores_or_answers_503(pair: tuple[str, str]) -> None:
    methods = of_type(templates(*pair)["api"], "AWS::ApiGateway::Method").values()
    [intake] = [method for method in methods if method["Integration"]["Type"] == "AWS"]
    integration = intake["Integration"]
    assert intake["AuthorizationType"] == "NONE"
    assert "RequestValidatorId" not in intake
    assert "RequestModels" not in intake
    assert integration["PassthroughBehavior"] == "NEVER"
    assert set(integration["RequestTemplates"].values()) == {message_template(source="mercado-livre")}
    by_status = {response["StatusCode"]: response for response in integration["IntegrationResponses"]}
    assert by_status["200"]["SelectionPattern"] == r"2\d{2}"
    assert by_status["200"]["ResponseTemplates"]["application/json"] == "{}"
    assert "SelectionPattern" not in by_status["503"]
    assert "Retry-After" in json.dumps(by_status["503"]["ResponseParameters"])


@pytest.mark.req("A139")
def test_the_gateway_may_only_send_to_the_webhooks_queue() -> None:
    template = templates(*PROD)["api"]
    policies = of_type(template, "AWS::IAM::Policy")
    [(_, intake)] = [(name, policy) for name, policy in policies.items() if name.startswith("MercadoLivreIntake")]
    [statement] = intake["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] != "*"


def test_every_queue_has_a_consumer() -> None:
    assert {spec.batch.queue for spec in all_functions() if spec.batch} == set(QueueName)
