"""Each environment × profile is synthesized at most once in a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product

import pytest

from cdk_app.environments import pair_named
from tests.infra.synthesis import Synthesis, empty_functions, synthesize

PAIRS = ["local/local", *("/".join(pair) for pair in product(("dev", "staging", "prod"), ("economy", "growth", "scale")))]
AWS_PAIRS = PAIRS[1:]
DEFAULTS = ["dev/economy", "staging/growth", "prod/scale"]


@pytest.fixture(scope="session")
def synthesis_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Synthesis]:
    """`synthesis_of("prod/scale")`; `"prod/scale@sa-east-1"` for another region."""
    lambdas = empty_functions(tmp_path_factory.mktemp("lambdas"))

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
