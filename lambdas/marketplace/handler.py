"""Mercado Livre accounts: listing, disconnecting, their settings, their syncs, and whether they have everything."""

from __future__ import annotations

from lambdas.marketplace import accounts, reconciliations, reputation, runs, settings, syncs
from painelml.core.http import entry_point, http_app

app = http_app(accounts.router, reputation.router, settings.router, syncs.router, runs.router, reconciliations.router)
handler = entry_point(app)
