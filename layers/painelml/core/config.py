"""What a function is told, read once: environment variables as one validated value (docs/architecture.md §3)."""

from __future__ import annotations

import os
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "PAINEL_"


class ConfigurationError(RuntimeError):
    """A variable is missing or malformed. Raised at start, not at the tenth request."""


class Config(BaseModel):
    """The variables `PAINEL_*` of this function. A function that lacks a part fails when it first asks for it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    env: Literal["local", "dev", "staging", "prod"]
    database_url: str | None = None
    database_auth: Literal["iam", "password"] = "password"
    owner_database_url: str | None = None
    owner_secret: str | None = None
    cache_url: str | None = None
    cache_secret: str | None = None
    secret_jwt: str | None = None
    secret_encryption: str | None = None
    secret_webhooks: str | None = None
    secret_mercado_livre: str | None = None
    secret_stripe: str | None = None
    queue_webhooks: str | None = None
    queue_payments: str | None = None
    queue_jobs: str | None = None
    queue_outgoing_text: str | None = None
    data_bucket: str | None = None
    mail_from: str | None = None
    parameters: str = "/painelml/local"
    mercado_livre_api_url: str = "https://api.mercadolibre.com"
    mercado_livre_auth_url: str | None = None
    tenant_in_flight: Annotated[int, Field(ge=1, le=100)] = 1
    trusted_hops: Annotated[int, Field(ge=0, le=3)] = 0
    origin_secret: str | None = None

    @property
    def is_local(self) -> bool:
        return self.env == "local"

    def require(self, name: str) -> str:
        """The variable `name`; raises ConfigurationError that names it where it is unset."""
        value = getattr(self, name)
        if not isinstance(value, str) or not value:
            raise ConfigurationError(f"{PREFIX}{name.upper()} is not set, and this function needs it. Set it and redeploy.")
        return value


@cache
def config() -> Config:
    """This process's configuration; raises ConfigurationError naming each bad variable, without its value."""
    told = {key.removeprefix(PREFIX).lower(): value for key, value in os.environ.items() if key.startswith(PREFIX)}
    try:
        return Config.model_validate({key: value for key, value in told.items() if value != ""})
    except ValidationError as error:
        faults = "; ".join(f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationError(f"The environment is not usable: {faults}.") from None
