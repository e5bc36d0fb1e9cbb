"""Each environment × profile is synthesized at most once in a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cdk_app.environments import pair_named
from tests.infra.synthesis import Synthesis, empty_functions, synthesize

PAIRS = ["local/local", *("/".join(pair) for pair in product(("dev", "staging", "prod"), ("economy", "growth", "scale")))]
AWS_PAIRS = PAIRS[1:]
CERTIFICATES: dict[str, Any] = {
    "edge_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/edge",
    "regional_certificate_arn": "arn:aws:acm:sa-east-1:123456789012:certificate/regional",
}
DEFAULTS = ["dev/economy", "staging/growth", "prod/scale"]


@pytest.fixture(scope="session")
def lambdas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_functions(tmp_path_factory.mktemp("functions") / "lambdas")


@pytest.fixture(scope="session")
def named(tmp_path_factory: pytest.TempPathFactory, lambdas: Path) -> Synthesis:
    """Production with a domain of its own."""
    environment, profile = pair_named("prod")
    environment = replace(environment, domain="painelml.example", hosted_zone_id="Z0123456789", **CERTIFICATES)
    return synthesize(environment, profile, lambdas=lambdas, folder=tmp_path_factory.mktemp("named"))


@pytest.fixture(scope="session")
def synthesis_of(tmp_path_factory: pytest.TempPathFactory, lambdas: Path) -> Callable[[str], Synthesis]:
    """`synthesis_of("prod/scale")`; `"prod/scale@sa-east-1"` for another region."""

    @cache
    def synthesized(pair: str) -> Synthesis:
        names, _, region = pair.partition("@")
        environment, profile = pair_named(*names.split("/"), region=region or None)
        folder = tmp_path_factory.mktemp(pair.replace("/", "-"))
        return synthesize(environment, profile, lambdas=lambdas, folder=folder)

    return synthesized


@pytest.fixture(scope="session")
def prod(synthesis_of: Callable[[str], Synthesis]) -> Synthesis:
    """Production at its own size."""
    return synthesis_of("prod/scale")


@pytest.fixture(scope="session")
def economy(synthesis_of: Callable[[str], Synthesis]) -> Synthesis:
    return synthesis_of("dev/economy")


@pytest.fixture(scope="session")
def local(synthesis_of: Callable[[str], Synthesis]) -> Synthesis:
    return synthesis_of("local/local")


@pytest.fixture(scope="session", params=AWS_PAIRS)
def aws_pair(request: pytest.FixtureRequest, synthesis_of: Callable[[str], Synthesis]) -> Synthesis:
    """Each pair that is for AWS."""
    return synthesis_of(request.param)


@pytest.fixture(scope="session", params=PAIRS)
def any_pair(request: pytest.FixtureRequest, synthesis_of: Callable[[str], Synthesis]) -> Synthesis:
    """Each pair that there is."""
    return synthesis_of(request.param)
