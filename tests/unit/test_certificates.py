"""TLS to the database trusts two families of roots: RDS's own and those behind RDS Proxy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from cdk_app.environments import REGIONS
from painelml.core.connections import CERTIFICATES


@pytest.mark.req("A143", "C078")
def test_the_bundle_covers_every_offered_region_and_the_proxy_for_years() -> None:
    certificates = x509.load_pem_x509_certificates(CERTIFICATES.read_bytes())
    names = " ".join(certificate.subject.rfc4514_string() for certificate in certificates)
    assert all(f"Amazon RDS {region} Root CA {kind} G1" in names for region in REGIONS for kind in ("RSA2048", "ECC384"))
    assert "Amazon Root CA 1" in names
    assert min(certificate.not_valid_after_utc for certificate in certificates) > datetime.now(UTC) + timedelta(days=365)
