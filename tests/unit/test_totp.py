"""One-time passwords against the RFCs' own vectors, and the laws of a code's life."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painelml.identity import totp

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert totp.code_at(SECRET, seconds // totp.STEP_SECONDS, digits=8) == code


def test_rfc_4226_appendix_d() -> None:
    codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    assert [totp.code_at(SECRET, counter) for counter in range(10)] == codes


@given(st.integers(min_value=0, max_value=2**33), st.integers(min_value=-totp.DRIFT, max_value=totp.DRIFT))
def test_a_code_is_known_by_its_step_within_the_drift(seconds: int, drift: int) -> None:
    step = max(seconds // totp.STEP_SECONDS + drift, 0)
    found = totp.step_of(
        base64.b32encode(SECRET).decode(), totp.code_at(SECRET, step), datetime.fromtimestamp(seconds + 60, UTC)
    )
    later = datetime.fromtimestamp(seconds + 60, UTC).timestamp() // totp.STEP_SECONDS
    assert found is None or abs(found - later) <= totp.DRIFT
    if abs(step - later) <= totp.DRIFT:
        assert found is not None


def test_a_secret_is_160_bits_and_recovery_codes_120() -> None:
    assert len(base64.b32decode(totp.new_secret())) == 20
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(len(base64.b32decode(totp.plain(code).upper())) * 8 == 120 for code in codes)
