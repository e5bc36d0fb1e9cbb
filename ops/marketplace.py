"""Mercado Livre for a laptop: the simulator, started with a fixed seed and told about our application."""

from __future__ import annotations

import sys
from typing import Any

import httpx

from ops.errors import OperationError
from ops.home import REPOSITORY, Home
from ops.ports import HOST, port_for, require_free
from ops.processes import clean_environment, running, start, stop, wait_until

PART = "simulator"
SEED = 7
CLIENT_ID = "1234567890123456"
TOPICS = ("orders_v2", "items", "questions", "messages", "shipments", "post_purchase", "claims", "payments")


def url(home: Home) -> str:
    """`http://127.0.0.1:port`."""
    return f"http://{HOST}:{port_for(home, PART)}"


def is_healthy(home: Home) -> bool:
    """Whether its control API answers."""
    try:
        return httpx.get(f"{url(home)}/_sim/health", timeout=2).is_success
    except httpx.HTTPError:
        return False


def up(home: Home) -> bool:
    """Have the simulator; True if it was started now. Raises OperationError."""
    if (process := running(home, PART)) is not None:
        wait_until(lambda: is_healthy(home), home=home, part=PART, process=process)
        return False
    port = require_free(home, PART)
    process = start(
        home,
        PART,
        [
            *(sys.executable, "-m", "simulator", "--host", HOST, "--port", str(port)),
            *("--seed", str(SEED), "--state-dir", str(home.folder / "simulator")),
        ],
        environment=clean_environment(),
        folder=REPOSITORY,
    )
    wait_until(lambda: is_healthy(home), home=home, part=PART, process=process)
    return True


def down(home: Home) -> bool:
    """Stop the simulator; True if it was running."""
    return stop(home, PART)


def credentials(home: Home) -> dict[str, str]:
    """Our application as Mercado Livre knows it."""
    return {"client_id": CLIENT_ID, "client_secret": home.password("mercado-livre")}


def application(home: Home) -> dict[str, Any]:
    """The content of the secret `mercado_livre`. A laptop's simulator need not be spared."""
    return {**credentials(home), "rates": {"*": 60_000}}


def register_application(home: Home, *, api_url: str, notifications_url: str) -> None:
    """Tell the simulator where to send people after they consent, and where to send notifications."""
    answer = httpx.put(
        f"{url(home)}/_sim/app",
        json={
            **credentials(home),
            "redirect_uris": [f"{api_url}/ml-accounts/callback"],
            "notifications_url": notifications_url,
            "topics": list(TOPICS),
            "pkce": True,
        },
        timeout=10,
    )
    if not answer.is_success:
        raise OperationError(
            f"The simulator refused to register the application ({answer.status_code}).",
            why=answer.text[:300],
            do=f"See its log: {home.log(PART)}.",
        )
