"""PostgreSQL: size, safety, the proxy's sign-in, and the password that only the master has."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

import pytest

from cdk_app.database_proxy import SILO_ROLES
from cdk_app.postgres import MASTER_USER
from painelml.core.silo_database import silo_for
from tests.infra.synthesis import Resource, Synthesis


def _instances(synthesis: Synthesis, *, replicas: bool) -> list[Resource]:
    return [
        found
        for found in synthesis.resources("AWS::RDS::DBInstance")
        if ("SourceDBInstanceIdentifier" in found.properties) == replicas
    ]


def _writer(synthesis: Synthesis) -> dict[str, Any]:
    (writer,) = _instances(synthesis, replicas=False)
    return dict(writer.properties)


@pytest.mark.req("A013", "A085", "A086", "A087", "A088", "B015", "B035")
def test_production_is_a_multi_az_instance_with_two_replicas_and_a_proxy(prod: Synthesis) -> None:
    writer = _writer(prod)
    assert writer["DBInstanceClass"] == "db.r6g.xlarge"
    assert writer["MultiAZ"] is True
    assert (writer["AllocatedStorage"], writer["StorageType"]) == ("500", "gp3")
    assert len(_instances(prod, replicas=True)) == 2
    assert prod.one("AWS::RDS::DBProxy")
    assert not list(prod.resources("AWS::RDS::DBCluster")), "a Multi-AZ cluster breaks snapshot isolation"


@pytest.mark.req("C012", "C013", "C014")
def test_economy_is_one_small_instance(economy: Synthesis) -> None:
    writer = _writer(economy)
    assert (writer["DBInstanceClass"], writer["MultiAZ"], writer["AllocatedStorage"]) == ("db.t4g.micro", False, "20")
    assert not _instances(economy, replicas=True)
    assert not list(economy.resources("AWS::RDS::DBProxy"))


@pytest.mark.req("A015", "A089", "B017", "C015", "C016", "C097")
def test_backups_and_windows(aws_pair: Synthesis) -> None:
    writer = _writer(aws_pair)
    assert writer["BackupRetentionPeriod"] == 7
    assert writer["PreferredBackupWindow"] == "03:00-03:30"
    for instance in aws_pair.resources("AWS::RDS::DBInstance"):
        assert instance.properties["PreferredMaintenanceWindow"] == "sun:04:00-sun:05:00"


@pytest.mark.req("A140", "C017", "C076", "C078")
def test_encrypted_private_and_tls_only(aws_pair: Synthesis) -> None:
    assert _writer(aws_pair)["StorageEncrypted"] is True
    for instance in aws_pair.resources("AWS::RDS::DBInstance"):
        assert instance.properties["PubliclyAccessible"] is False
        parameters = aws_pair.resource_at("database", instance.properties["DBParameterGroupName"])
        assert parameters.properties["Parameters"]["rds.force_ssl"] == "1"


def test_one_version_everywhere(aws_pair: Synthesis) -> None:
    assert _writer(aws_pair)["EngineVersion"].startswith("17.")
    assert {group.properties["Family"] for group in aws_pair.resources("AWS::RDS::DBParameterGroup")} == {"postgres17"}


@pytest.mark.req("C018", "C019")
def test_performance_insights_for_seven_days(aws_pair: Synthesis) -> None:
    for instance in aws_pair.resources("AWS::RDS::DBInstance"):
        assert instance.properties["EnablePerformanceInsights"] is True
        assert instance.properties["PerformanceInsightsRetentionPeriod"] == 7
        assert instance.properties["DatabaseInsightsMode"] == "standard"
        assert "MonitoringInterval" not in instance.properties


@pytest.mark.req("C039")
def test_its_logs_are_kept_as_long_as_the_profile_says(aws_pair: Synthesis) -> None:
    retentions = list(aws_pair.resources("Custom::LogRetention"))
    assert len(retentions) == 2 * len(list(aws_pair.resources("AWS::RDS::DBInstance")))
    assert {each.properties["RetentionInDays"] for each in retentions} == {aws_pair.profile.log_retention_days}


@pytest.mark.req("A132")
def test_it_lives_in_the_isolated_subnets(aws_pair: Synthesis) -> None:
    for subnet in aws_pair.one("AWS::RDS::DBSubnetGroup").properties["SubnetIds"]:
        assert aws_pair.target("database", subnet)[1].startswith("VpcIsolated")


@pytest.mark.req("A014", "B014")
def test_the_proxy_uses_iam_on_both_sides(prod: Synthesis) -> None:
    proxy = prod.one("AWS::RDS::DBProxy").properties
    assert proxy["RequireTLS"] is True
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    assert "Auth" not in proxy, "no stored password"
    pool = prod.one("AWS::RDS::DBProxyTargetGroup").properties["ConnectionPoolConfigurationInfo"]
    assert pool["ConnectionBorrowTimeout"] <= 5
    (statement,) = [
        statement
        for policy in prod.resources("AWS::IAM::Policy", stack="database")
        if policy.logical_id.startswith("ProxyRole")
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]
    assert statement["Action"] == "rds-db:connect"
    assert [role_in(resource) for resource in statement["Resource"]] == ["app", "app_*"]
    assert all("DbiResourceId" in str(resource) for resource in statement["Resource"])


def role_in(resource: dict[str, Any]) -> str:
    """The database role of an `rds-db:connect` ARN."""
    return str(resource["Fn::Join"][1][-1]).rsplit("/", 1)[-1]


@pytest.mark.parametrize(("output", "role"), [("AppConnectResource", "app"), ("SilosConnectResource", "app_*")])
def test_functions_sign_in_to_the_proxy_where_there_is_one(aws_pair: Synthesis, output: str, role: str) -> None:
    resource = aws_pair.templates["database"]["Outputs"][output]["Value"]
    capacity = aws_pair.profile.database
    assert capacity is not None
    assert ("DBProxyArn" in str(resource)) == capacity.proxy
    assert ("DbiResourceId" in str(resource)) == (not capacity.proxy)
    assert role_in(resource) == role
    assert _writer(aws_pair)["EnableIAMDatabaseAuthentication"] is True


@pytest.mark.req("A139", "K09")
def test_a_silos_role_is_named_as_it_is_granted_and_nobody_elses_is() -> None:
    assert fnmatchcase(silo_for(uuid4()).role_name, SILO_ROLES)
    assert not [
        role for role in ("app", "owner", MASTER_USER, "rdsadmin", "rds_iam", "postgres") if fnmatchcase(role, SILO_ROLES)
    ]


@pytest.mark.req("A138", "B058", "C075")
def test_the_masters_password_rotates_and_its_function_has_a_way_out(aws_pair: Synthesis) -> None:
    schedule = aws_pair.one("AWS::SecretsManager::RotationSchedule").properties
    assert schedule["RotationRules"] == {"ScheduleExpression": "rate(30 days)"}
    parameters = aws_pair.one("AWS::Serverless::Application").properties["Parameters"]
    subnets = [part for part in parameters["vpcSubnetIds"]["Fn::Join"][1] if isinstance(part, dict)]
    assert len(subnets) == 2
    for subnet in subnets:
        assert aws_pair.target("database", subnet)[1].startswith("VpcPrivate")


def test_connections_leave_room_for_a_second_version(aws_pair: Synthesis) -> None:
    """A canary holds two versions: the workers may take at most 40 % of the connections."""
    capacity = aws_pair.profile.database
    assert capacity is not None
    mappings = aws_pair.resources("AWS::Lambda::EventSourceMapping")
    workers = sum(mapping.properties["ScalingConfig"]["MaximumConcurrency"] for mapping in mappings)
    assert workers <= 0.4 * capacity.max_connections
