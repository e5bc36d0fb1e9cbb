"""Shipments, for notifications and syncs."""

from __future__ import annotations

from painelml.marketplace.kinds import NUMBER, Kind, pointing
from painelml.marketplace.shipments.models import ShipmentDocument
from painelml.marketplace.shipments.service import apply_shipments, fetch_shipment

KIND: Kind[ShipmentDocument] = Kind(
    name="shipment",
    path="/shipments/{id}",
    topics={"shipments": pointing(f"(?:shipments/)?({NUMBER})")},
    fetch=fetch_shipment,
    apply=apply_shipments,
)
