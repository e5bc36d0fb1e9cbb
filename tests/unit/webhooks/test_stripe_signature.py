"""Stripe's signature: our test vector, and agreement with Stripe's own library."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from painelml.webhooks import stripe_events
from painelml.webhooks.stripe_events import SignatureMissing, SignatureWrong, verify

SECRET = "whsec_painelml_test"
BODY = b'{"id":"evt_test","object":"event","type":"invoice.paid"}'
STAMP = 1_700_000_000
VECTOR = "07186eff0a6192d56327c319605094bf6f4ea01210a902e5aac4494eb5ce3040"


@pytest.fixture
def _then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_events, "now", lambda: datetime.fromtimestamp(STAMP, tz=UTC))


def sign(body: bytes, secret: str = SECRET, stamp: int = STAMP) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


@pytest.mark.usefixtures("_then")
@pytest.mark.parametrize(
    "header",
    [
        f"t={STAMP},v1={VECTOR}",
        f"t={STAMP}, v1={VECTOR}",
        f"v0=1234,v1={'0' * 64},v1={VECTOR},t={STAMP}",
    ],
)
def test_the_vector_verifies(header: str) -> None:
    assert len(BODY) == 56
    verify(BODY, header, [SECRET])
    verify(BODY, header, ["whsec_the_next_one", SECRET])


@pytest.mark.usefixtures("_then")
@pytest.mark.parametrize(
    "header", ["", "nonsense", f"t={STAMP}", f"v1={VECTOR}", f"t=now,v1={VECTOR}", f"t={STAMP},v0={VECTOR}"]
)
def test_a_header_without_its_parts_is_a_bad_request(header: str) -> None:
    with pytest.raises(SignatureMissing):
        verify(BODY, header, [SECRET])


@pytest.mark.usefixtures("_then")
@pytest.mark.parametrize(
    ("body", "header", "secrets"),
    [
        (BODY + b" ", f"t={STAMP},v1={VECTOR}", [SECRET]),
        (BODY, f"t={STAMP},v1={VECTOR}", ["whsec_other"]),
        (BODY, f"t={STAMP},v1={VECTOR}", [""]),
        (BODY, f"t={STAMP},v1={VECTOR}", []),
        (BODY, f"t={STAMP - 1},v1={VECTOR}", [SECRET]),
        (BODY, f"t={STAMP - 301},v1={sign(BODY, stamp=STAMP - 301)}", [SECRET]),
        (BODY, f"t={STAMP + 301},v1={sign(BODY, stamp=STAMP + 301)}", [SECRET]),
        (b"", f"t={STAMP},v1={hmac.new(b'', f'{STAMP}.'.encode(), hashlib.sha256).hexdigest()}", [""]),
    ],
)
def test_what_was_not_signed_so_is_refused(body: bytes, header: str, secrets: list[str]) -> None:
    with pytest.raises(SignatureWrong):
        verify(body, header, secrets)


@given(
    body=st.text().map(str.encode),
    secret=st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]), min_size=1),  # Stripe refuses blank ones
    honest=st.booleans(),
)
def test_we_agree_with_stripes_own_library(body: bytes, secret: str, honest: bool) -> None:
    stamp = int(datetime.now(UTC).timestamp())
    header = f"t={stamp},v1={sign(body, secret if honest else secret + 'x', stamp)}"
    try:
        stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance=300)
        theirs = True
    except stripe.SignatureVerificationError:
        theirs = False
    try:
        verify(body, header, [secret])
        ours = True
    except SignatureWrong:
        ours = False
    assert ours == theirs == honest
