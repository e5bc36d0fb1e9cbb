"""Stripe's webhook signature, as documented (docs.stripe.com/webhooks#verify-manually; docs/decisions/0011).

Header `Stripe-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>]`; signed text is t + "." + raw body, HMAC-SHA256 with the
endpoint's secret. Schemes other than v1 are ignored; several v1 appear while a secret is rolled.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import ClassVar

from painelml.core.clock import now
from painelml.core.errors import InvalidRequest, PainelError, Text

TOLERANCE_SECONDS = 300  # as Stripe's own libraries


class SignatureMissing(InvalidRequest):
    code = "signature_missing"
    detail: ClassVar[Text] = {
        "pt-BR": "Falta o cabeçalho Stripe-Signature, ou ele não tem t e v1. Nada foi gravado.",
        "en": "The Stripe-Signature header is missing, or has no t and v1. Nothing was written.",
    }


class SignatureWrong(PainelError):
    status = 401
    code = "signature_wrong"
    title: ClassVar[Text] = {"pt-BR": "Assinatura inválida", "en": "Invalid signature"}
    detail: ClassVar[Text] = {
        "pt-BR": "A assinatura não confere com o corpo, ou é antiga demais. Nada foi gravado.",
        "en": "The signature does not match the body, or is too old. Nothing was written.",
    }


def verify(body: bytes, header: str, secrets: Sequence[str]) -> None:
    """Raises SignatureMissing for a header without t or v1, SignatureWrong where no secret made it or it is old."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1" and value.isascii()]
    if not (stamp.isascii() and stamp.isdecimal()) or not given:
        raise SignatureMissing(errors=[{"field": "Stripe-Signature", "message": "t and v1 are required"}])
    signed = stamp.encode() + b"." + body
    ours = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets if secret]
    if not any(hmac.compare_digest(mine, theirs) for mine in ours for theirs in given):
        raise SignatureWrong
    if abs(now().timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise SignatureWrong
