"""Where each purpose's secret is kept: its own, or grouped where the profile saves on secrets."""

from __future__ import annotations

from cdk_app.environments import Environment
from cdk_app.function_spec import Purpose
from cdk_app.profiles import Profile

_GROUPS = {
    Purpose.JWT: "keys",
    Purpose.ENCRYPTION: "keys",
    Purpose.WEBHOOKS: "keys",
    Purpose.MERCADO_LIVRE: "partners",
    Purpose.STRIPE: "partners",
}


def secret_name(purpose: Purpose, *, environment: Environment, profile: Profile) -> str:
    """Secrets Manager's name of the secret that holds `purpose`; several purposes share one where grouped."""
    leaf = _GROUPS[purpose] if profile.grouped_secrets else purpose.value
    return f"/painelml/{environment.name}/{leaf}"


def parameter_prefix(environment: Environment) -> str:
    """The SSM path below which the environment's parameters are."""
    return f"/painelml/{environment.name}"


ORIGIN_KEY = "origin"


def origin_secret_name(*, environment: Environment, profile: Profile) -> str:
    """The secret that holds the value of CloudFront's `x-origin-verify` header, under the key `origin`."""
    return f"/painelml/{environment.name}/{'keys' if profile.grouped_secrets else ORIGIN_KEY}"
