"""Needs that several rows share: a caller of Mercado Livre's API, and patterns of keys in the data bucket."""

from __future__ import annotations

from cdk_app.function_spec import Purpose

EXPORTS = "tenants/*/exports/*"
ANCHORS = "anchors/*"
TOMBSTONES = "tombstones/*"
MERCADO_LIVRE_CALLER = (Purpose.MERCADO_LIVRE, Purpose.ENCRYPTION)
