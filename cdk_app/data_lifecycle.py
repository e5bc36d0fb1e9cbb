"""How long the data bucket keeps what: backups by tier, exports, old versions."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

# Life-cycle rules take no wildcard in a prefix (tenants/*/backups/…), so the writer tags the object with its tier.
BACKUP_TIERS = {"daily": 7, "weekly": 4 * 7, "monthly": 12 * 31}
EXPORT_DAYS = 30
OLD_VERSION_DAYS = 30
OPERATIONS_DAYS = 14


def data_lifecycle() -> list[s3.LifecycleRule]:
    """The rules of the data bucket."""
    return [
        *(
            s3.LifecycleRule(
                id=f"backups-{tier}",
                prefix="tenants/",
                tag_filters={"backup": tier},
                expiration=Duration.days(days),
            )
            for tier, days in BACKUP_TIERS.items()
        ),
        s3.LifecycleRule(
            id="exports",
            prefix="tenants/",
            tag_filters={"kind": "export"},
            expiration=Duration.days(EXPORT_DAYS),
        ),
        s3.LifecycleRule(
            id="tenants-old-versions",
            prefix="tenants/",
            noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
        ),
        # Versioning is a bucket's, not a prefix's: outside tenants/ an old version is gone the next day.
        *(
            s3.LifecycleRule(
                id=f"{prefix}-old-versions",
                prefix=f"{prefix}/",
                noncurrent_version_expiration=Duration.days(1),
            )
            for prefix in ("static", "documentation")
        ),
        s3.LifecycleRule(
            id="operations",
            prefix="operations/",
            expiration=Duration.days(OPERATIONS_DAYS),
            noncurrent_version_expiration=Duration.days(1),
        ),
        s3.LifecycleRule(id="unfinished-uploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
    ]
