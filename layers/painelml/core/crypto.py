"""Sealing with AES-256-GCM (NIST SP 800-38D): the key id travels in front, the owner is bound as associated data."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets as random

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from painelml.core.secrets import forget, secret

_NONCE = 12


class SealBroken(Exception):
    """The ciphertext was changed, belongs to another owner, or its key is gone."""


def seal(plaintext: str, *, bound_to: str) -> bytes:
    """`key id` + 0x00 + nonce + ciphertext. `bound_to` names the owner, such as `tenant/account/access_token`."""
    keys = secret("encryption")
    key_id = keys["current"]
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(_key(keys["keys"][key_id])).encrypt(nonce, plaintext.encode(), _associated(key_id, bound_to))
    return b"\0".join((key_id.encode(), nonce + sealed))


def unseal(sealed: bytes, *, bound_to: str) -> str:
    """What `seal` was given for the same owner; raises SealBroken otherwise."""
    key_id, _, rest = bytes(sealed).partition(b"\0")
    held = _kept_key(key_id.decode(errors="replace"))
    if held is None:
        raise SealBroken(f"No encryption key {key_id!r} is kept any more; restore it before reading what it sealed.")
    try:
        opened = AESGCM(_key(held)).decrypt(rest[:_NONCE], rest[_NONCE:], _associated(key_id.decode(), bound_to))
    except InvalidTag:
        raise SealBroken("A sealed value does not belong to its row, or was changed.") from None
    return opened.decode()


def random_token(bits: int = 256) -> str:
    """An unguessable URL-safe token (ASVS 7.2.3 asks for 128 bits or more)."""
    return random.token_urlsafe(bits // 8)


def token_hash(token: str) -> bytes:
    """SHA-256, enough for tokens of ≥ 112 random bits (ASVS 6.5.2); never for passwords."""
    return hashlib.sha256(token.encode()).digest()


def same(left: str, right: str) -> bool:
    """Constant-time comparison of secrets."""
    return hmac.compare_digest(left.encode(), right.encode())


def _kept_key(key_id: str) -> str | None:
    """One that is not known here may be newer than what this process keeps: it is asked for once more."""
    held: str | None = secret("encryption")["keys"].get(key_id)
    if held is None:
        forget()
        held = secret("encryption")["keys"].get(key_id)
    return held


def _key(encoded: str) -> bytes:
    return base64.b64decode(encoded, validate=True)


def _associated(key_id: str, bound_to: str) -> bytes:
    return f"{key_id}\0{bound_to}".encode()
