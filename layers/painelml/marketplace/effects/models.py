"""A version of a resource that was applied, as the outbox tells of it; and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from painelml.core.clock import rfc3339
from painelml.marketplace.documents import Versioned
from painelml.marketplace.resources import Resource

SOURCE = "mercado-livre"


@dataclass(frozen=True, slots=True)
class Effect:
    """A version of a resource that was applied, for the outbox."""

    kind: str
    resource: str
    version: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A resource and its document, which is the account's own."""

    resource: Resource
    document: Versioned

    @property
    def version(self) -> str:
        return rfc3339(self.document.updated_at)

    @property
    def key(self) -> str:
        return f"{self.resource.path}@{self.version}"
