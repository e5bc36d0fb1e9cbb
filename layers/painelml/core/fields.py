"""Fields that more than one context reads from requests, with their bounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
    Field(json_schema_extra={"format": "email"}),
]
"""The address as HTML's e-mail field takes it, in lower case: it is compared as a whole, so it has one spelling."""


def _encodable(secret: SecretStr) -> SecretStr:
    """JSON can say half a surrogate pair, which is no text; pydantic looks for it in str but not in SecretStr."""
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("Input should be valid Unicode text") from None
    return secret


Secret = Annotated[SecretStr, AfterValidator(_encodable)]


class Order(BaseModel):
    """What a request body asks for. A field that we do not know is a mistake to be told; what was sent is never repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
