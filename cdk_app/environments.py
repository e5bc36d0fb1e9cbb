"""Where an environment lives: account, region, domain, alarm addresses (docs/decisions/0007)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cdk_app.profiles import LOCAL, PROFILES, Profile, profile_named

REGIONS = ("us-east-1", "sa-east-1")
_ACCOUNT = re.compile(r"\d{12}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One place to deploy to.

    `domain` None means AWS's default names. The two certificates are of that domain: the edge's in us-east-1 for
    `dashboard.` and `api.`, the regional one for `hooks.`. With `hosted_zone_id` the names' records are made too.
    """

    name: str
    default_profile: str
    account: str | None = None
    region: str = "us-east-1"
    domain: str | None = None
    edge_certificate_arn: str | None = None
    regional_certificate_arn: str | None = None
    hosted_zone_id: str | None = None
    alarm_emails: tuple[str, ...] = ()
    alarm_phones: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.region not in REGIONS:
            raise ValueError(
                f"Environment {self.name}: region {self.region!r} is not offered. Choose one of: {', '.join(REGIONS)}."
            )
        if self.account is not None and not _ACCOUNT.fullmatch(self.account):
            raise ValueError(f"Environment {self.name}: an AWS account is 12 digits, not {self.account!r}.")
        if self.domain is not None and not _DOMAIN.fullmatch(self.domain):
            raise ValueError(f"Environment {self.name}: {self.domain!r} is not a domain name such as painelml.example.")
        if self.domain and not (self.edge_certificate_arn and self.regional_certificate_arn):
            raise ValueError(
                f"Environment {self.name}: domain {self.domain} needs edge_certificate_arn (us-east-1) "
                "and regional_certificate_arn."
            )
        if self.hosted_zone_id and not self.domain:
            raise ValueError(f"Environment {self.name}: hosted_zone_id needs the domain that the zone serves.")

    @property
    def dashboard_name(self) -> str | None:
        """The panel's name, on CloudFront."""
        return self.domain and f"dashboard.{self.domain}"

    @property
    def api_name(self) -> str | None:
        """The API's name for programs, on CloudFront too."""
        return self.domain and f"api.{self.domain}"

    @property
    def hooks_name(self) -> str | None:
        """The name that providers' webhooks are sent to, on the regional API."""
        return self.domain and f"hooks.{self.domain}"

    @property
    def mail_domain(self) -> str:
        """What SES must have verified before letters leave."""
        return self.domain or "painelml.example"

    @property
    def mail_from(self) -> str:
        """The sender of letters."""
        return f"no-reply@{self.mail_domain}"

    @property
    def is_local(self) -> bool:
        return self.name == "local"

    @property
    def speaks_tls(self) -> bool:
        """Whether policies may insist on TLS: the emulator speaks HTTP only, and obeys them where it checks roles."""
        return not self.is_local

    @property
    def is_production(self) -> bool:
        return self.name == "prod"

    def resource_name(self, suffix: str) -> str:
        """The planned exact name in prod (`painelml-webhooks`); `painelml-{env}-…` elsewhere."""
        return f"painelml-{suffix}" if self.is_production else f"painelml-{self.name}-{suffix}"


ENVIRONMENTS: dict[str, Environment] = {
    environment.name: environment
    for environment in (
        Environment(name="local", default_profile="local", account="000000000000"),
        Environment(name="dev", default_profile="economy"),
        Environment(name="staging", default_profile="growth"),
        Environment(name="prod", default_profile="scale"),
    )
}


def environment_named(name: str) -> Environment:
    """The environment called `name`; raises ValueError listing the valid ones."""
    if name not in ENVIRONMENTS:
        raise ValueError(f"There is no environment {name!r}. Choose one of: {', '.join(ENVIRONMENTS)}.")
    return ENVIRONMENTS[name]


def pair_named(
    environment_name: str, profile_name: str | None = None, *, region: str | None = None
) -> tuple[Environment, Profile]:
    """An environment and its profile (its default one unless named), in `region` where given.

    Raises ValueError for wrong names, and for `local` mixed with AWS: a laptop has no room for one and AWS no use for
    the other.
    """
    environment = environment_named(environment_name)
    profile = profile_named(profile_name or environment.default_profile)
    if environment.is_local != (profile is LOCAL):
        fitting = [name for name in PROFILES if (name == LOCAL.name) == environment.is_local]
        raise ValueError(
            f"Environment {environment.name} cannot have profile {profile.name!r}. Choose one of: {', '.join(fitting)}."
        )
    return (replace(environment, region=region) if region else environment), profile
