"""The data bucket: `tenants/{id}/…` is one tenant's; `anchors/` and `tombstones/` outlive the database."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

from painelml.core.aws import s3
from painelml.core.config import config

LINK_SECONDS = 900


def tenant_object(tenant_id: UUID, *parts: str) -> str:
    """A key of one tenant."""
    return "/".join(("tenants", str(tenant_id), *parts))


def put(key: str, body: bytes, *, content_type: str, tags: dict[str, str] | None = None) -> None:
    """Writes an object, or replaces it. `tags` are what the bucket's life-cycle rules go by."""
    s3().put_object(Bucket=_bucket(), Key=key, Body=body, ContentType=content_type, Tagging=urlencode(tags or {}))


def get(key: str) -> bytes:
    return s3().get_object(Bucket=_bucket(), Key=key)["Body"].read()


def keys(prefix: str) -> Iterator[str]:
    """The keys that begin with `prefix`, sorted."""
    for page in s3().get_paginator("list_objects_v2").paginate(Bucket=_bucket(), Prefix=prefix):
        yield from (found["Key"] for found in page.get("Contents", []))


def link(key: str) -> str:
    """A URL that reads the object for a quarter of an hour, whoever has it."""
    return s3().generate_presigned_url("get_object", Params={"Bucket": _bucket(), "Key": key}, ExpiresIn=LINK_SECONDS)


def erase(prefix: str) -> int:
    """Removes every version of every object below `prefix`; how many objects' versions and markers went."""
    gone = 0
    for page in s3().get_paginator("list_object_versions").paginate(Bucket=_bucket(), Prefix=prefix):
        for found in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3().delete_object(Bucket=_bucket(), Key=found["Key"], VersionId=found["VersionId"])
            gone += 1
    return gone


def _bucket() -> str:
    return config().require("data_bucket")
