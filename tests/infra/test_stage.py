"""How the stacks of an environment hang together: order, references, limits, tags, and no question to AWS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.infra.synthesis import Synthesis, references

STATEFUL = {"network", "database", "cache", "storage", "messaging"}
STATELESS = {"jobs", "api", "edge", "observability", "governance"}
# AWS: 500 resources and 200 outputs, parameters or mappings in a template, which has at most 1 MB.
MOST_RESOURCES, MOST_OTHERS, MOST_BYTES = 500, 200, 1_000_000
# CDK's own functions, which it writes without tags.
HELPERS = ("CustomVpcRestrictDefaultSG", "LogRetention")
PSEUDO_PARAMETERS = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackName",
    "AWS::StackId",
    "AWS::URLSuffix",
}


def _all_dependencies(synthesis: Synthesis, part: str) -> set[str]:
    direct = synthesis.depends_on[part]
    return direct.union(*(_all_dependencies(synthesis, other) for other in direct))


@pytest.mark.req("A022")
def test_stateful_stacks_are_apart_from_stateless_ones(aws_pair: Synthesis) -> None:
    assert set(aws_pair.templates) - {"edge-acl"} == STATEFUL | STATELESS


def test_a_laptop_has_no_network_database_cache_or_governance(local: Synthesis) -> None:
    assert set(local.templates) == {"storage", "messaging", "jobs", "api", "edge", "observability"}


def test_deploy_order(prod: Synthesis) -> None:
    """Stateful first; the function that migrates before the API; whoever guards or watches after what is there."""
    for part in STATEFUL:
        assert _all_dependencies(prod, part) <= STATEFUL
    assert {"network", "database", "cache", "storage", "messaging"} <= _all_dependencies(prod, "jobs")
    assert {"jobs", "governance"} <= prod.depends_on["api"]
    assert {"api", "storage", "edge-acl"} <= prod.depends_on["edge"]


def test_every_reference_is_resolved(any_pair: Synthesis) -> None:
    """In the same template to something that exists; to another stack by an output that it has and we wait for."""
    for part, template in any_pair.templates.items():
        known = set(template.get("Resources", {})) | set(template.get("Parameters", {})) | PSEUDO_PARAMETERS
        for function, argument in references(template):
            assert function != "Fn::ImportValue", "exports lock stacks together"
            if function == "Ref":
                assert argument in known, (part, argument)
            elif function == "Fn::GetAtt":
                assert argument[0] in known, (part, argument)
            else:
                other = argument["StackName"].removeprefix(f"painelml-{any_pair.environment.name}-")
                assert argument["OutputName"] in any_pair.templates[other]["Outputs"], (part, argument)
                assert other in _all_dependencies(any_pair, part), f"{part} reads {other} without waiting for it"


def test_templates_are_within_the_limits(any_pair: Synthesis) -> None:
    for part, template in any_pair.templates.items():
        assert len(template.get("Resources", {})) <= MOST_RESOURCES, part
        for section in ("Outputs", "Parameters", "Mappings"):
            assert len(template.get(section, {})) <= MOST_OTHERS, (part, section)
    for file in any_pair.files:
        assert file.stat().st_size <= MOST_BYTES, file.name


def test_nothing_is_looked_up(any_pair: Synthesis) -> None:
    """A synthesis asks AWS for nothing: an unanswered look-up leaves a dummy value behind."""
    for file in any_pair.files:
        text = file.read_text()
        assert "dummy1a" not in text
        assert "vpc-12345" not in text


def test_everything_that_takes_tags_is_tagged(aws_pair: Synthesis) -> None:
    wanted = {"project": "painelml", "environment": aws_pair.environment.name, "profile": aws_pair.profile.name}
    for kind in ("AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::EC2::VPC"):
        for resource in aws_pair.resources(kind):
            if resource.logical_id.startswith(HELPERS):
                continue
            tags = {tag["Key"]: tag["Value"] for tag in resource.properties["Tags"]}
            assert wanted.items() <= tags.items(), resource.logical_id


@pytest.mark.req("A198")
def test_sao_paulo_keeps_only_cloudfronts_acl_in_virginia(synthesis_of: Callable[[str], Synthesis]) -> None:
    synthesis = synthesis_of("prod/scale@sa-east-1")
    acl = synthesis.one("AWS::CloudFront::Distribution").properties["DistributionConfig"]["WebACLId"]
    assert acl["Fn::GetStackOutput"]["Region"] == "us-east-1"
    for template in synthesis.templates.values():
        regions = {argument["Region"] for function, argument in references(template) if function == "Fn::GetStackOutput"}
        assert regions <= {"sa-east-1", "us-east-1"}
    assert synthesis.one("AWS::WAFv2::WebACL", stack="edge-acl").properties["Scope"] == "CLOUDFRONT"


def test_production_cannot_lose_its_data_by_a_deleted_stack(prod: Synthesis) -> None:
    for resource in prod.resources("AWS::RDS::DBInstance"):
        assert resource.properties["DeletionProtection"] is True
    for kind in ("AWS::S3::Bucket", "AWS::RDS::DBInstance"):
        for resource in prod.resources(kind):
            if resource.logical_id.startswith("PostgresReplica"):
                continue
            assert resource.body["DeletionPolicy"] in {"Retain", "Snapshot"}, resource.logical_id
