"""What every document of Mercado Livre shares: tolerant reading, money in minor units, and a stamp of its version."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Protocol

from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict

# ISO 4217: these currencies of Mercado Livre's countries have no minor unit.
WITHOUT_CENTS = frozenset({"CLP", "PYG"})

# What each country's site sells in (GET /sites): for documents with amounts and no currency.
CURRENCIES = {
    "MLB": "BRL",
    "MLA": "ARS",
    "MLM": "MXN",
    "MLC": "CLP",
    "MCO": "COP",
    "MLU": "UYU",
    "MPE": "PEN",
    "MLV": "VES",
    "MEC": "USD",
    "MRD": "DOP",
    "MPA": "USD",
    "CBT": "USD",
    "MCR": "CRC",
    "MBO": "BOB",
    "MPY": "PYG",
    "MGT": "GTQ",
    "MHN": "HNL",
    "MNI": "NIO",
    "MSV": "USD",
}


def minor_units(amount: float | int | str | Decimal, currency: str) -> int:
    """49.9 BRL → 4990. Through the shortest decimal text of the number, so no binary fraction gets in."""
    scale = 1 if currency in WITHOUT_CENTS else 100
    return int((Decimal(str(amount)) * scale).quantize(Decimal(1), ROUND_HALF_UP))


def minor_or_none(amount: float | int | str | Decimal | None, currency: str) -> int | None:
    """minor_units() where there is an amount."""
    return None if amount is None else minor_units(amount, currency)


class Versioned(Protocol):
    """A document that is applied only if it is at least as new as what is held."""

    @property
    def id(self) -> int | str: ...
    @property
    def seller_id(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def updated_at(self) -> datetime: ...


class Document(BaseModel):
    """A document, or a part of one: fields that we do not know are left alone, and `raw` of a whole one keeps them."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


Amount = Annotated[Decimal, BeforeValidator(lambda value: str(value) if isinstance(value, float) else value)]
"""A decimal number that may come as a JSON number: through its shortest text, so no binary fraction gets in."""


def with_raw(document: dict[str, Any]) -> dict[str, Any]:
    """A document as its model reads it: the fields, and the whole under `raw`."""
    return {**document, "raw": document}


def currency_of(site_id: str | None) -> str:
    """The currency of a site; Brazil's where none is told, because most sellers are there."""
    return CURRENCIES.get(site_id or "", CURRENCIES["MLB"])


def either(*paths: str) -> AliasChoices:
    """The first of these paths that a document has: `logistic.type`, or `lines.0.sender_id` into a list."""
    return AliasChoices(*(_path(*path.split(".")) for path in paths))


def _path(first: str, *further: str) -> AliasPath:
    return AliasPath(first, *(int(step) if step.isdecimal() else step for step in further))


def only(document: Any, *names: str) -> dict[str, Any]:
    """The named fields of a document that has them, and nothing else: what is personal is kept out by not being named."""
    return {name: document[name] for name in names if name in document} if isinstance(document, dict) else {}
