"""Environments and profiles: which pairs there are, and what is refused with which words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from cdk_app.capacity import CacheCapacity, DatabaseCapacity, WorkerCapacity
from cdk_app.environments import ENVIRONMENTS, Environment, pair_named
from cdk_app.profiles import GROWTH, PROFILES, SCALE
from tests.infra.conftest import CERTIFICATES


@pytest.mark.parametrize(
    ("name", "profile"), [("local", "local"), ("dev", "economy"), ("staging", "growth"), ("prod", "scale")]
)
def test_default_profiles(name: str, profile: str) -> None:
    assert pair_named(name)[1] is PROFILES[profile]


def test_a_profile_can_be_chosen() -> None:
    assert pair_named("prod", "growth") == (ENVIRONMENTS["prod"], GROWTH)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("production",), "no environment 'production'. Choose one of: local, dev, staging, prod"),
        (("prod", "huge"), "no profile 'huge'. Choose one of: local, economy, growth, scale"),
        (("local", "scale"), "cannot have profile 'scale'. Choose one of: local"),
        (("prod", "local"), "cannot have profile 'local'. Choose one of: economy, growth, scale"),
    ],
)
def test_wrong_names_are_refused_with_the_valid_ones(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        pair_named(*arguments)


@pytest.mark.req("A198")
def test_region_is_a_parameter() -> None:
    assert pair_named("prod", region="sa-east-1")[0].region == "sa-east-1"
    with pytest.raises(ValueError, match="Choose one of: us-east-1, sa-east-1"):
        pair_named("prod", region="eu-west-1")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"account": "123"}, "12 digits"),
        ({"domain": "not a domain"}, "not a domain name"),
        ({"domain": "painelml.example"}, "edge_certificate_arn"),
        ({"hosted_zone_id": "Z1"}, "needs the domain"),
    ],
)
def test_wrong_values_of_an_environment_are_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Environment(name="dev", default_profile="economy", **values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: replace(SCALE.database or pytest.fail("no database"), multi_az=False), "Read replicas without Multi-AZ"),
        (
            lambda: DatabaseCapacity(
                instance_class="t4g.micro",
                storage_gib=20,
                max_connections=100,
                multi_az=False,
                read_replicas=0,
                proxy=False,
                backup_days=3,
            ),
            "7 to 35",
        ),
        (lambda: CacheCapacity(node_type="cache.t4g.micro"), "replicas_per_shard"),
        (lambda: WorkerCapacity(maximum_concurrency=1, tenant_in_flight=1), "2 to 1000"),
        (lambda: WorkerCapacity(maximum_concurrency=4, tenant_in_flight=3), "leave workers to the others"),
    ],
)
def test_wrong_capacities_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_names_belong_to_the_domain() -> None:
    environment = Environment(name="prod", default_profile="scale", domain="painelml.example", **CERTIFICATES)
    assert environment.dashboard_name == "dashboard.painelml.example"
    assert environment.api_name == "api.painelml.example"
    assert environment.hooks_name == "hooks.painelml.example"


def test_values_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        ENVIRONMENTS["prod"].region = "sa-east-1"  # type: ignore[misc]
