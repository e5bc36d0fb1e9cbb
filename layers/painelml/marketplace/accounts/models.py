"""Connected accounts as workers and clients see them. Never their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from painelml.core.fields import Order as Request
from painelml.core.wire import Moment

AccountStatus = Literal["ACTIVE", "RECONNECT_REQUIRED", "DISCONNECTED", "FROZEN"]

Site = Literal[
    "MLB",
    "MLA",
    "MLM",
    "MLC",
    "MCO",
    "MLU",
    "MPE",
    "MLV",
    "MEC",
    "MRD",
    "MPA",
    "CBT",
    "MCR",
    "MBO",
    "MPY",
    "MGT",
    "MHN",
    "MNI",
    "MSV",
]


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """An account as workers need it."""

    tenant_id: UUID
    id: UUID
    seller_id: int
    site_id: str
    status: AccountStatus
    warnings: frozenset[str] = frozenset()


class ConnectRequest(Request):
    """Which country's consent page to open."""

    site_id: Site = "MLB"


class Connect(BaseModel):
    """Open `authorization_url` in the same browser: it holds the cookie that the way back asks for."""

    authorization_url: str
    expires_at: Moment


class HealthProblem(BaseModel):
    """`reason` is a code; `about` is what it concerns: a functional permission (`sales.read`), a topic."""

    reason: str
    about: str | None


class Health(BaseModel):
    """`reason` is a code: why a connection is not `ok`. It is the worst of `problems`."""

    state: Literal["ok", "warning", "broken"]
    reason: str | None
    problems: list[HealthProblem]


class Reconnect(BaseModel):
    """The request that leads the seller to the consent page again."""

    method: Literal["POST"] = "POST"
    path: Literal["/ml-accounts/connect"] = "/ml-accounts/connect"
    body: dict[str, str]


class Account(BaseModel):
    """A connected account as its tenant sees it. Never its tokens."""

    id: UUID
    seller_id: str
    nickname: str
    site_id: str
    status: AccountStatus
    health: Health
    reconnect: Reconnect | None
    connected_at: Moment
    last_synced_at: Moment | None
