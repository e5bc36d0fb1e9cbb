"""Time-based one-time passwords (RFC 6238, RFC 4226): SHA-1, 6 digits, steps of 30 s, as every app reads them."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
DRIFT = 1  # steps by which a telephone's clock may differ
SECRET_BYTES = 20  # as long as SHA-1's output (RFC 4226 §4, R6)
RECOVERY_CODES = 10
_RECOVERY_BYTES = 15  # 120 bits: a fast hash is enough (ASVS 6.5.2)


def new_secret() -> str:
    """160 random bits in base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def uri(secret: str, *, account: str) -> str:
    """What a QR code carries to the app (otpauth, Google's key URI format)."""
    query = urlencode({"secret": secret, "issuer": "PainelML", "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS})
    return f"otpauth://totp/PainelML:{quote(account)}?{query}"


def code_at(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of one step."""
    mac = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, moment: datetime) -> int | None:
    """The step whose code this is, near `moment`; None for a wrong code. Looks at every candidate, in constant time."""
    key, present = base64.b32decode(secret), int(moment.timestamp()) // STEP_SECONDS
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(code_at(key, step).encode(), code.encode()):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of four groups, 120 bits each."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()) for _ in range(RECOVERY_CODES)]


def plain(code: str) -> str:
    """A recovery code or a TOTP code as it is compared: without what people put between its parts."""
    return "".join(code.split()).replace("-", "").lower()


def _grouped(code: str) -> str:
    return "-".join(code[place : place + 6] for place in range(0, len(code), 6))
