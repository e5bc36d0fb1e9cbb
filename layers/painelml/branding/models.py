"""A brand: what a tenant has not said, its partner's says, and after that ours."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from painelml.core.fields import Name, Order

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
AssetKey = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*$")
]


class Brand(BaseModel):
    """What a page wears. The keys are below the tenant's own storage prefix; null is none, and `default_…` is worn then.

    Defaults are 003's (D028–D031); `default_logo` and `default_favicon` are paths of the web.
    """

    company_name: str = "Chat System"
    primary_color: str = "#4F46E5"
    secondary_color: str = "#7C3AED"
    logo_key: str | None = None
    favicon_key: str | None = None
    default_logo: str = "/default-logo.png"
    default_favicon: str = "/favicon.ico"


class OwnBrand(Brand):
    """`inherited` names the members that the tenant has not said itself; `host` is where its pages are."""

    inherited: list[str]
    host: str | None


class BrandChanges(Order):
    """What is absent stays; null lets it be inherited again."""

    company_name: Name | None = None
    primary_color: Colour | None = None
    secondary_color: Colour | None = None
    logo_key: AssetKey | None = None
    favicon_key: AssetKey | None = None
