"""Independent reads of which some may be refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from painelml.marketplace.api.answers import Answer
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.api.transport import Params
from painelml.marketplace.errors import CallRefused, PermissionMissing, TokenRejected


def each(api: SellerApi, calls: Sequence[tuple[str, Params]]) -> list[Answer | CallRefused]:
    """Reads at the same time, in the order of the calls; a refusal stands in the place of its answer.

    Only where one of them is refused are they asked again one by one. A dead token or a missing permission is no refusal of one
    call: it is raised, or every call of a page would be refused in turn.
    """
    try:
        return list(api.get_all(calls))
    except (TokenRejected, PermissionMissing):
        raise
    except CallRefused:
        return [_one(api, path, params) for path, params in calls]


def answered(outcome: Answer | CallRefused) -> Any:
    """The document; raises the refusal."""
    if isinstance(outcome, CallRefused):
        raise outcome
    return outcome.document


def or_nothing(outcome: Answer | CallRefused) -> Any:
    """The document, None where there is none or it was refused."""
    return None if isinstance(outcome, CallRefused) else outcome.document


def _one(api: SellerApi, path: str, params: Params) -> Answer | CallRefused:
    try:
        return api.get(path, **params)
    except (TokenRejected, PermissionMissing):
        raise
    except CallRefused as refusal:
        return refusal
