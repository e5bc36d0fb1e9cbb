"""Payments, for notifications."""

from __future__ import annotations

from painelml.marketplace.kinds import NUMBER, Kind, pointing
from painelml.marketplace.payments.models import PaymentDocument
from painelml.marketplace.payments.service import apply_payments, fetch_payment

KIND: Kind[PaymentDocument] = Kind(
    name="payment",
    path="/collections/{id}",
    topics={"payments": pointing(f"(?:(?:collections|payments)/)?({NUMBER})")},
    fetch=fetch_payment,
    apply=apply_payments,
)
