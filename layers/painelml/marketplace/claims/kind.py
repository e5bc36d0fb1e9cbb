"""Claims, for notifications and syncs."""

from __future__ import annotations

from painelml.marketplace.claims.models import ClaimDocument
from painelml.marketplace.claims.service import apply_claims, fetch_claim
from painelml.marketplace.kinds import NUMBER, Kind, pointing

RESOURCE = pointing(f"(?:(?:post-purchase/)?v[12]/)?(?:claims/)?({NUMBER})(?:/returns)?")
"""With the prefix `post-purchase` or, as applications of old hear of it, without; what a return does comes as its claim."""

KIND: Kind[ClaimDocument] = Kind(
    name="claim",
    path="/post-purchase/v1/claims/{id}",
    topics={"post_purchase": RESOURCE, "claims": RESOURCE},
    fetch=fetch_claim,
    apply=apply_claims,
)
