"""Whether each part of the local environment is alive, and what to do about those that are not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import httpx

from ops import emulator, marketplace, postgres, valkey
from ops.endpoints import Endpoints
from ops.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One part: `healthy`, and what to `do` if it is not."""

    part: str
    healthy: bool
    do: str

    def as_json(self) -> dict[str, str | bool]:
        return asdict(self)


def of_parts(home: Home, endpoints: Endpoints) -> list[Health]:
    """Ask every part at once; each answers within a few seconds or counts as dead."""
    checks: dict[str, Callable[[], bool]] = {
        postgres.PART: lambda: postgres.is_healthy(home),
        valkey.PART: lambda: valkey.is_healthy(home),
        marketplace.PART: lambda: marketplace.is_healthy(home),
        emulator.PART: lambda: emulator.is_healthy(home),
        "api": lambda: _answers(f"{endpoints.api_url}/health"),
        "ready": lambda: _answers(f"{endpoints.api_url}/ready"),
    }
    if endpoints.web_url:
        checks["web"] = lambda: _answers(f"{endpoints.web_url}/")
    with ThreadPoolExecutor(len(checks)) as pool:
        answers = {part: pool.submit(check) for part, check in checks.items()}
    return [
        Health(part=part, healthy=answer.result(), do="" if answer.result() else _advice(home, part))
        for part, answer in answers.items()
    ]


def _advice(home: Home, part: str) -> str:
    if part in {"api", "ready", "web"}:
        return "If the parts above are healthy: `make down`, then `make up`."
    if (part == postgres.PART and postgres.is_users_own()) or (part == valkey.PART and valkey.is_users_own()):
        return "It is your own server: start it, or unset the PAINEL_…_URL that names it."
    return f"`make up` starts it again; its log is {home.log(part)}."


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).is_success
    except httpx.HTTPError:
        return False
