"""Valkey: cluster mode, TLS, encryption and a user with a password in every profile."""

from __future__ import annotations

import pytest

from tests.infra.synthesis import Synthesis


@pytest.mark.req("A018", "A090", "A091", "B036")
def test_production_is_two_large_nodes_in_cluster_mode(prod: Synthesis) -> None:
    group = prod.one("AWS::ElastiCache::ReplicationGroup").properties
    assert group["CacheNodeType"] == "cache.r6g.large"
    assert group["NumNodeGroups"] * (1 + group["ReplicasPerNodeGroup"]) == 2
    assert group["ClusterMode"] == "enabled"
    assert group["CacheParameterGroupName"].endswith(".cluster.on")
    assert group["AutomaticFailoverEnabled"] is True
    assert group["MultiAZEnabled"] is True


@pytest.mark.req("A092", "A142")
def test_nodes_speak_tls_only_and_encrypt_what_they_keep(prod: Synthesis) -> None:
    group = prod.one("AWS::ElastiCache::ReplicationGroup").properties
    assert group["TransitEncryptionEnabled"] is True
    assert group["TransitEncryptionMode"] == "required"
    assert group["AtRestEncryptionEnabled"] is True


@pytest.mark.req("C065", "C095")
def test_economy_is_serverless_with_a_cap_on_the_bill(economy: Synthesis) -> None:
    """Serverless has no switch for TLS, encryption or cluster mode: they are always on."""
    cache = economy.one("AWS::ElastiCache::ServerlessCache").properties
    assert cache["Engine"] == "valkey"
    assert cache["CacheUsageLimits"]["DataStorage"] == {"Maximum": 1, "Unit": "GB"}
    assert cache["SnapshotRetentionLimit"] == 1


def test_only_the_user_with_a_password_may_do_anything(aws_pair: Synthesis) -> None:
    users = {user.properties["UserName"]: user.properties for user in aws_pair.resources("AWS::ElastiCache::User")}
    assert set(users) == {"painelml", "default"}
    assert users["default"]["AccessString"].startswith("off ")
    assert "-@dangerous" in users["painelml"]["AccessString"]
    for user in users.values():
        assert user["AuthenticationMode"]["Type"] == "password"
        assert "resolve:secretsmanager" in str(user["AuthenticationMode"]["Passwords"])


@pytest.mark.req("A132")
def test_it_lives_in_the_isolated_subnets(aws_pair: Synthesis) -> None:
    if aws_pair.profile.name == "economy":
        subnets = aws_pair.one("AWS::ElastiCache::ServerlessCache").properties["SubnetIds"]
    else:
        subnets = aws_pair.one("AWS::ElastiCache::SubnetGroup").properties["SubnetIds"]
    for subnet in subnets:
        assert aws_pair.target("cache", subnet)[1].startswith("VpcIsolated")


def test_functions_are_told_a_url_that_says_cluster_and_tls(aws_pair: Synthesis) -> None:
    urls = [
        str(function.properties["Environment"]["Variables"]["PAINEL_CACHE_URL"])
        for function in aws_pair.resources("AWS::Lambda::Function")
        if "PAINEL_CACHE_URL" in function.properties.get("Environment", {}).get("Variables", {})
    ]
    assert urls
    assert all("rediss+cluster://painelml@" in url for url in urls)
