"""The two doors: what CloudFront serves and forwards, and what each web ACL lets through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdk_app.environments import pair_named
from tests.infra.firewall import Firewall, Request
from tests.infra.synthesis import Synthesis, empty_functions, synthesize
from tests.infra.test_environments import CERTIFICATES

LOGIN = "/api/v1/auth/login"
NOTIFICATION = "/api/v1/webhooks/mercado-livre/token"
STRIPE = "/api/v1/webhooks/stripe"
ORIGIN_VALUE = "what only CloudFront knows"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """Production with a domain of its own."""
    environment, profile = pair_named("prod")
    environment = replace(environment, domain="painelml.example", hosted_zone_id="Z0123456789", **CERTIFICATES)
    lambdas = empty_functions(tmp_path_factory.mktemp("lambdas"))
    return synthesize(environment, profile, lambdas=lambdas, folder=tmp_path_factory.mktemp("named"))


def _distribution(synthesis: Synthesis) -> dict[str, Any]:
    return dict(synthesis.one("AWS::CloudFront::Distribution").properties["DistributionConfig"])


def _edge(synthesis: Synthesis) -> Firewall:
    return Firewall(synthesis.one("AWS::WAFv2::WebACL", stack="edge-acl").properties)


def _regional(synthesis: Synthesis) -> Firewall:
    acl = synthesis.one("AWS::WAFv2::WebACL", stack="edge").properties
    (rule,) = [rule for rule in acl["Rules"] if rule["Name"] == "CloudFront"]
    secret = rule["Statement"]["ByteMatchStatement"]["SearchString"]
    assert "resolve:secretsmanager" in str(secret)
    return Firewall(acl, values={str(secret): ORIGIN_VALUE})


def _in_a_minute(firewall: Firewall, count: int, **request: Any) -> list[int | None]:
    return [firewall.decide(Request(at=60 * number / count, **request)) for number in range(count)]


# --- CloudFront's door -----------------------------------------------------------------------------------------------


@pytest.mark.req("A019", "A134")
def test_an_address_gets_100_api_requests_a_minute(prod: Synthesis) -> None:
    firewall = _edge(prod)
    assert _in_a_minute(firewall, 101, path=LOGIN) == [None] * 100 + [429]
    assert firewall.decide(Request(path=LOGIN, address="203.0.113.9", at=60)) is None
    assert firewall.decide(Request(path=LOGIN, at=121)) is None, "a minute later it is welcome again"


def test_pages_and_assets_do_not_use_it_up(prod: Synthesis) -> None:
    firewall = _edge(prod)
    assert set(_in_a_minute(firewall, 500, path="/assets/app.js")) == {None}
    assert firewall.decide(Request(path=LOGIN, at=60)) is None


@pytest.mark.parametrize("path", [LOGIN, "/%61pi/v1/auth/login", "/api//v1/auth/login", "/x/../api/v1/auth/login"])
def test_no_spelling_of_a_path_escapes_the_limit(prod: Synthesis, path: str) -> None:
    assert _in_a_minute(_edge(prod), 101, path=path)[-1] == 429


@pytest.mark.parametrize("path", ["/api/v1/webhooks/../auth/login", "/api/v1/auth/..%2fwebhooks/stripe"])
def test_webhook_paths_that_are_none_are_counted_too(prod: Synthesis, path: str) -> None:
    assert _in_a_minute(_edge(prod), 101, path=path)[-1] == 429


@pytest.mark.req("A134")
def test_webhooks_from_one_address_are_not_people(prod: Synthesis) -> None:
    """K50: 1,000 a minute from one address pass on both doors; on /auth they do not."""
    for firewall in (_edge(prod), _regional(prod)):
        assert set(_in_a_minute(firewall, 1000, path=NOTIFICATION)) == {None}
        assert set(_in_a_minute(firewall, 1000, path=STRIPE)) == {None}
    assert 429 in _in_a_minute(_edge(prod), 1000, path=LOGIN)


@pytest.mark.req("A135", "A136", "B030")
def test_managed_rules_watch_people_and_programs(prod: Synthesis) -> None:
    acl = prod.one("AWS::WAFv2::WebACL", stack="edge-acl").properties
    groups = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: rule
        for rule in acl["Rules"]
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    assert set(groups) == {"AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"}
    for rule in groups.values():
        assert rule["OverrideAction"] == {"None": {}}
    (counted,) = groups["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    assert counted == {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}
    (scripts,) = [rule for rule in acl["Rules"] if rule["Name"] == "Scripts"]
    assert "Block" in scripts["Action"]
    assert str(scripts["Statement"]).count("XssMatchStatement") == 3


# --- the API's own door ----------------------------------------------------------------------------------------------


def test_the_api_is_closed_to_those_who_go_around_cloudfront(prod: Synthesis) -> None:
    firewall = _regional(prod)
    assert firewall.decide(Request(path=LOGIN)) == 403
    assert firewall.decide(Request(path=LOGIN, headers={"x-origin-verify": "a guess"})) == 403
    assert firewall.decide(Request(path=LOGIN, headers={"x-origin-verify": ORIGIN_VALUE})) is None


@pytest.mark.parametrize("path", [NOTIFICATION, STRIPE, "/v1/webhooks/stripe"])
def test_webhooks_need_no_header(prod: Synthesis, path: str) -> None:
    assert _regional(prod).decide(Request(path=path)) is None


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/webhooks/../auth/login",
        "/api/v1/webhooks/%2e%2e/auth/login",
        "/api/v1/auth/../webhooks/stripe",
        "/api/v1/users/..%2fwebhooks/stripe",
        "/api/v1/webhooksx",
        "/other/api/v1/webhooks/stripe",
    ],
)
def test_what_only_looks_like_a_webhook_stays_out(prod: Synthesis, path: str) -> None:
    """API Gateway routes by the path as it was sent: a match that needs normalizing opens nothing."""
    assert _regional(prod).decide(Request(path=path)) == 403


def test_webhooks_have_a_limit_of_their_own(prod: Synthesis) -> None:
    answers = _in_a_minute(_regional(prod), 10_001, path=NOTIFICATION)
    assert answers == [None] * 10_000 + [429]


def test_a_notification_has_at_most_16_kb(prod: Synthesis) -> None:
    firewall = _regional(prod)
    assert firewall.decide(Request(path=NOTIFICATION, body_bytes=16 * 1024)) is None
    assert firewall.decide(Request(path=NOTIFICATION, body_bytes=16 * 1024 + 1)) == 413
    assert firewall.decide(Request(path=STRIPE, body_bytes=40 * 1024)) is None


def test_other_bodies_have_at_most_64_kb(prod: Synthesis) -> None:
    firewall = _edge(prod)
    assert firewall.decide(Request(path=LOGIN, body_bytes=64 * 1024)) is None
    assert firewall.decide(Request(path=LOGIN, body_bytes=64 * 1024 + 1)) == 413


@pytest.mark.req("A027", "A028")
def test_both_acls_are_in_force_where_the_profile_has_a_waf(aws_pair: Synthesis) -> None:
    associations = list(aws_pair.resources("AWS::WAFv2::WebACLAssociation"))
    assert bool(associations) == ("WebACLId" in _distribution(aws_pair)) == aws_pair.profile.waf
    for association in associations:
        assert ":/restapis/" in str(association.properties["ResourceArn"]) or "/restapis/" in str(association.properties)
        assert aws_pair.resource_at("edge", association.properties["WebACLArn"]).properties["Scope"] == "REGIONAL"


@pytest.mark.req("A027")
def test_without_a_waf_the_functions_ask_for_the_header(economy: Synthesis, prod: Synthesis) -> None:
    def told(synthesis: Synthesis) -> set[bool]:
        return {
            "PAINEL_ORIGIN_SECRET" in function.properties["Environment"]["Variables"]
            for function in synthesis.resources("AWS::Lambda::Function", stack="api")
            if "authorizer" not in function.logical_id
        }

    assert told(economy) == {True}
    assert told(prod) == {False}


def test_refusals_are_logged_without_secrets(prod: Synthesis) -> None:
    for part in ("edge", "edge-acl"):
        log = prod.one("AWS::WAFv2::LoggingConfiguration", stack=part).properties
        hidden = {each["SingleHeader"]["Name"] for each in log["RedactedFields"]}
        assert hidden == {"x-origin-verify", "authorization", "cookie"}
        assert log["LoggingFilter"]["DefaultBehavior"] == "DROP"
        group = prod.one("AWS::Logs::LogGroup", stack=part).properties
        assert group["LogGroupName"].startswith("aws-waf-logs-")


# --- CloudFront ------------------------------------------------------------------------------------------------------


@pytest.mark.req("A027", "A029", "B031")
def test_web_and_api_are_one_origin_for_the_browser(any_pair: Synthesis) -> None:
    config = _distribution(any_pair)
    (api,) = config["CacheBehaviors"]
    assert api["PathPattern"] == "/api/*"
    assert "POST" in api["AllowedMethods"]
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "AWS's CachingDisabled"
    assert api["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac", "AWS's AllViewerExceptHostHeader"
    origin = next(each for each in config["Origins"] if each["Id"] == api["TargetOriginId"])
    (header,) = origin["OriginCustomHeaders"]
    assert header["HeaderName"] == "x-origin-verify"
    assert "resolve:secretsmanager" in str(header["HeaderValue"])
    assert "CustomErrorResponses" not in config, "they would turn the API's 404 into a page"


def test_the_stage_is_named_as_the_path(aws_pair: Synthesis) -> None:
    """/api/v1/… reaches /v1/… of stage `api` with no rewriting."""
    config = _distribution(aws_pair)
    origin = next(each for each in config["Origins"] if "CustomOriginConfig" in each)
    assert origin["OriginPath"] == ""
    assert aws_pair.one("AWS::ApiGateway::Stage").properties["StageName"] == "api"


@pytest.mark.req("A111", "B037")
def test_pages_come_from_a_private_bucket(any_pair: Synthesis) -> None:
    config = _distribution(any_pair)
    origin = next(each for each in config["Origins"] if "S3OriginConfig" in each)
    assert "OriginAccessControlId" in origin
    bucket = any_pair.resource_at("edge", origin["DomainName"])
    assert all(bucket.properties["PublicAccessBlockConfiguration"].values())
    functions = config["DefaultCacheBehavior"]["FunctionAssociations"]
    assert [function["EventType"] for function in functions] == ["viewer-request"]
    assert config["Logging"]["Prefix"] == "cloudfront/"


def test_cloudfronts_logs_bucket_takes_acls(aws_pair: Synthesis) -> None:
    """CloudFront delivers its standard logs by ACL; a bucket that ignores ACLs is refused when it is deployed."""
    bucket = aws_pair.resource_at("edge", _distribution(aws_pair)["Logging"]["Bucket"])
    (rule,) = bucket.properties["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerPreferred"


@pytest.mark.req("A143", "C077")
def test_nobody_speaks_plain_http(aws_pair: Synthesis) -> None:
    config = _distribution(aws_pair)
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["CacheBehaviors"][0]["ViewerProtocolPolicy"] == "https-only"
    origin = next(each for each in config["Origins"] if "CustomOriginConfig" in each)
    assert origin["CustomOriginConfig"] == {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    headers = aws_pair.one("AWS::CloudFront::ResponseHeadersPolicy").properties["ResponseHeadersPolicyConfig"]
    security = headers["SecurityHeadersConfig"]
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert "frame-ancestors 'none'" in security["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert "unsafe-eval" not in security["ContentSecurityPolicy"]["ContentSecurityPolicy"]


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("A108", "A143", "C034")
def test_names_and_tls_floors(named: Synthesis) -> None:
    """People and programs: TLS 1.3. Senders of webhooks: 1.2, or one without 1.3 would fail without a word (K51)."""
    config = _distribution(named)
    assert config["Aliases"] == ["dashboard.painelml.example", "api.painelml.example"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.3_2025"
    assert config["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATES["edge_certificate_arn"]
    hooks = named.one("AWS::ApiGateway::DomainName").properties
    assert hooks["DomainName"] == "hooks.painelml.example"
    assert hooks["SecurityPolicy"] == "TLS_1_2"
    assert hooks["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    assert named.one("AWS::ApiGateway::BasePathMapping").properties["BasePath"] == "api"
    records = {record.properties["Name"] for record in named.resources("AWS::Route53::RecordSet")}
    assert records == {f"{name}.painelml.example." for name in ("dashboard", "api", "hooks")}


def test_with_a_domain_the_default_endpoint_is_off_and_cloudfront_uses_the_name(named: Synthesis) -> None:
    assert named.one("AWS::ApiGateway::RestApi").properties["DisableExecuteApiEndpoint"] is True
    origin = next(each for each in _distribution(named)["Origins"] if "CustomOriginConfig" in each)
    assert origin["DomainName"] == "hooks.painelml.example"


def test_functions_learn_the_addresses_from_parameters(synthesis_of: Callable[[str], Synthesis], named: Synthesis) -> None:
    """Each is published exactly once, by whichever stack knows it."""
    for synthesis in (synthesis_of("prod/scale"), synthesis_of("local/local"), named):
        name = synthesis.environment.name
        published = [each.properties["Name"] for each in synthesis.resources("AWS::SSM::Parameter")]
        assert published.count(f"/painelml/{name}/web_url") == 1
        assert published.count(f"/painelml/{name}/api_url") == 1


def test_a_laptop_serves_both_over_http_from_the_emulator(local: Synthesis) -> None:
    config = _distribution(local)
    origin = next(each for each in config["Origins"] if "CustomOriginConfig" in each)
    assert origin["DomainName"] == "127.0.0.1"
    assert origin["CustomOriginConfig"]["HTTPPort"] == 4566
    assert "/_aws/execute-api/" in str(origin["OriginPath"])
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "allow-all"
    assert not list(local.resources("AWS::WAFv2::WebACL"))


def test_templates_show_no_secret(tmp_path: Path, any_pair: Synthesis) -> None:
    for file in any_pair.files:
        text = file.read_text()
        assert "SecretString:origin" not in text or "{{resolve:secretsmanager:" in text
