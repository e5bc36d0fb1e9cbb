"""The network: who lives where, how it gets out, and who may speak to whom."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.conftest import DEFAULTS
from tests.infra.synthesis import Resource, Synthesis

WHOLE = ipaddress.IPv4Network("10.0.0.0/16")
PORTS = {"tcp": {443, 5432, 6379, 6380}}


def _subnets(synthesis: Synthesis, kind: str) -> list[Resource]:
    return [
        subnet
        for subnet in synthesis.resources("AWS::EC2::Subnet")
        if {"Key": "aws-cdk:subnet-type", "Value": kind} in subnet.properties["Tags"]
    ]


@pytest.mark.req("A131", "A132", "B059", "C027")
def test_two_zones_with_three_kinds_of_subnets(aws_pair: Synthesis) -> None:
    assert aws_pair.one("AWS::EC2::VPC").properties["CidrBlock"] == "10.0.0.0/16"
    for kind in ("Public", "Private", "Isolated"):
        subnets = _subnets(aws_pair, kind)
        zones = {str(subnet.properties["AvailabilityZone"]) for subnet in subnets}
        assert len(subnets) == len(zones) == 2, kind
        for subnet in subnets:
            assert ipaddress.IPv4Network(subnet.properties["CidrBlock"]).subnet_of(WHOLE)
            assert subnet.properties["MapPublicIpOnLaunch"] is False


@pytest.mark.req("A131", "C030")
@pytest.mark.parametrize(
    ("pair", "gateways", "instances"), [("dev/economy", 0, 1), ("staging/growth", 1, 0), ("prod/scale", 2, 0)]
)
def test_the_way_out_follows_the_profile(
    synthesis_of: Callable[[str], Synthesis], pair: str, gateways: int, instances: int
) -> None:
    synthesis = synthesis_of(pair)
    assert len(list(synthesis.resources("AWS::EC2::NatGateway"))) == gateways
    assert len(list(synthesis.resources("AWS::EC2::Instance"))) == instances


def test_isolated_subnets_have_no_way_out(aws_pair: Synthesis) -> None:
    routes = list(aws_pair.resources("AWS::EC2::Route"))
    for route in routes:
        _, table = aws_pair.target("network", route.properties["RouteTableId"])
        assert "Isolated" not in table


def test_the_nat_instance_does_not_change_by_itself(economy: Synthesis) -> None:
    """The image's name is resolved when the instance starts: a deployment does not replace it."""
    instance = economy.one("AWS::EC2::Instance").properties
    assert "ImageId" not in instance
    assert instance["InstanceType"] == "t4g.nano"
    assert instance["SourceDestCheck"] is False
    data = economy.one("AWS::EC2::LaunchTemplate").properties["LaunchTemplateData"]
    assert data["ImageId"].startswith("resolve:ssm:/aws/service/ami-amazon-linux-latest/")
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert not economy.templates["network"]["Parameters"].keys() - {"BootstrapVersion"}


@pytest.mark.req("C084")
def test_flow_logs_are_kept_as_long_as_the_profile_says(aws_pair: Synthesis) -> None:
    log = aws_pair.one("AWS::EC2::FlowLog").properties
    assert log["TrafficType"] == aws_pair.profile.flow_logs
    group = aws_pair.resource_at("network", log["LogGroupName"])
    assert group.properties["RetentionInDays"] == aws_pair.profile.log_retention_days


def test_endpoints_follow_the_profile(aws_pair: Synthesis) -> None:
    endpoints = list(aws_pair.resources("AWS::EC2::VPCEndpoint"))
    kinds = [endpoint.properties["VpcEndpointType"] for endpoint in endpoints]
    assert kinds.count("Gateway") == 1
    assert kinds.count("Interface") == (3 if aws_pair.profile.interface_endpoints else 0)


def _rules(synthesis: Synthesis) -> list[tuple[str, str, dict[str, Any]]]:
    """(stack, group's logical id, rule) of each ingress and egress rule, inline or apart."""
    found = []
    for group in synthesis.resources("AWS::EC2::SecurityGroup"):
        for direction in ("Ingress", "Egress"):
            inline = group.properties.get(f"SecurityGroup{direction}", [])
            found += [(group.stack, group.logical_id, {**rule, "direction": direction}) for rule in inline]
    for direction in ("Ingress", "Egress"):
        for rule in synthesis.resources(f"AWS::EC2::SecurityGroup{direction}"):
            _, group_id = synthesis.target(rule.stack, rule.properties["GroupId"])
            found.append((rule.stack, group_id, {**rule.properties, "direction": direction}))
    return found


@pytest.mark.req("A133", "C032")
def test_security_groups_open_only_what_is_needed(aws_pair: Synthesis) -> None:
    """Groups name groups. The only address range is the internet on 443, outwards (K59), and the NAT instance's way."""
    for _, group, rule in _rules(aws_pair):
        if rule.get("CidrIp") == "255.255.255.255/32":
            continue  # CDK's way to say "nothing"
        if rule["direction"] == "Ingress":
            assert "CidrIp" not in rule, group
            assert "SourceSecurityGroupId" in rule, group
        elif "CidrIp" in rule and "NatSecurityGroup" not in group:
            assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == ("0.0.0.0/0", 443, 443), group
        if isinstance(rule.get("FromPort"), int) and "NatSecurityGroup" not in group:
            assert {rule["FromPort"], rule["ToPort"]} <= PORTS[rule["IpProtocol"]], group


@pytest.mark.parametrize("pair", DEFAULTS)
def test_no_rule_is_there_twice(synthesis_of: Callable[[str], Synthesis], pair: str) -> None:
    """EC2 refuses an equal rule, which only a deployment would show. The database's port counts as its number."""
    synthesis = synthesis_of(pair)
    seen = set()
    for stack, group, rule in _rules(synthesis):
        port = rule.get("FromPort", "all")
        peer = rule.get("CidrIp") or synthesis.target(
            stack, rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
        )
        key = (group, rule["direction"], str(peer), 5432 if isinstance(port, dict) else port)
        assert key not in seen, key
        seen.add(key)


@pytest.mark.parametrize("pair", DEFAULTS)
def test_functions_reach_the_database_and_the_cache(synthesis_of: Callable[[str], Synthesis], pair: str) -> None:
    synthesis = synthesis_of(pair)
    doors = {
        group
        for stack, group, rule in _rules(synthesis)
        if rule["direction"] == "Ingress"
        and synthesis.target(stack, rule["SourceSecurityGroupId"])[1].startswith("FunctionsSecurityGroup")
    }
    wanted = {"DatabaseSecurityGroup", "SecurityGroup"}
    wanted |= {"ProxySecurityGroup"} if synthesis.profile.database and synthesis.profile.database.proxy else set()
    for name in wanted:
        assert any(door.startswith(name) for door in doors), (name, doors)
