"""Mercado Livre accounts: listing, disconnecting, their syncs and their reputation."""

from __future__ import annotations

from lambdas.marketplace import accounts, reconciliations, reputation, syncs
from painelml.core.http import entry_point, http_app

app = http_app(accounts.router, reconciliations.router, reputation.router, syncs.router)
handler = entry_point(app)
