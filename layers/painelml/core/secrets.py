"""Secrets and parameters, read by purpose and kept for five minutes so that a rotation reaches warm functions."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from typing import Any, Literal

from painelml.core.aws import secrets_manager, ssm
from painelml.core.config import ConfigurationError, config

Purpose = Literal["jwt", "encryption", "webhooks", "mercado_livre", "stripe"]

KEEP_SECONDS = 300
_kept: dict[str, tuple[float, str]] = {}


def secret(purpose: Purpose) -> dict[str, Any]:
    """The purpose's object in its secret (shapes: docs/architecture.md §3); raises ConfigurationError if it is not there."""
    secret_id = config().require(f"secret_{purpose}")
    held = json.loads(_read(f"secret:{secret_id}", lambda: _secret_text(secret_id)))
    if purpose not in held:
        raise ConfigurationError(f"The secret {secret_id} has no {purpose!r}. Run `painel keys init` for this environment.")
    value: dict[str, Any] = held[purpose]
    return value


def secret_document(secret_id: str) -> dict[str, Any]:
    """A whole secret by id, for those that AWS writes (database owner, cache user)."""
    document: dict[str, Any] = json.loads(_read(f"secret:{secret_id}", lambda: _secret_text(secret_id)))
    return document


def parameter(name: str, *, keep_seconds: float = KEEP_SECONDS) -> str:
    """The SSM parameter `{PAINEL_PARAMETERS}/{name}`, as it was at most `keep_seconds` ago."""
    path = f"{config().parameters}/{name}"
    return _read(f"parameter:{path}", lambda: ssm().get_parameter(Name=path)["Parameter"]["Value"], keep_seconds)


def fill(purpose: Purpose, make: Callable[[], dict[str, Any]]) -> bool:
    """Writes what `make` makes where the purpose's secret lacks it, beside what it holds. Says whether it had to."""
    secret_id = config().require(f"secret_{purpose}")
    held = json.loads(_secret_text(secret_id))
    if purpose in held:
        return False
    secrets_manager().put_secret_value(SecretId=secret_id, SecretString=json.dumps({**held, purpose: make()}))
    forget()
    return True


def change(purpose: Purpose, into: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Writes what `into` makes of the purpose's object as it is now, and returns it; writes nothing where nothing changes."""
    secret_id = config().require(f"secret_{purpose}")
    held = json.loads(_secret_text(secret_id))
    if purpose not in held:
        raise ConfigurationError(f"The secret {secret_id} has no {purpose!r}. Run `painel keys init` for this environment.")
    wanted = into(held[purpose])
    if wanted != held[purpose]:
        secrets_manager().put_secret_value(SecretId=secret_id, SecretString=json.dumps({**held, purpose: wanted}))
        forget()
    return wanted


def set_parameter(name: str, value: str) -> None:
    """Writes the SSM parameter `{PAINEL_PARAMETERS}/{name}`."""
    path = f"{config().parameters}/{name}"
    # Published keys grow with the number of silos; a standard parameter ends at 4 KB, an advanced one at 8.
    ssm().put_parameter(Name=path, Value=value, Type="String", Overwrite=True, Tier="Intelligent-Tiering")
    forget()


def forget() -> None:
    """Drops what is kept, for after a rotation and between tests."""
    _kept.clear()


def _secret_text(secret_id: str) -> str:
    return secrets_manager().get_secret_value(SecretId=secret_id)["SecretString"]


def _read(key: str, fetch: Callable[[], str], keep_seconds: float = KEEP_SECONDS) -> str:
    read_at, text = _kept.get(key, (-math.inf, ""))
    if time.monotonic() >= read_at + keep_seconds:
        text = fetch()
        _kept[key] = (time.monotonic(), text)
    return text
