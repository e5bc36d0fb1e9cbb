"""All tenants, for the platform's own people."""

from __future__ import annotations

from lambdas.platform import provisioning, subscriptions, tenants
from painelml.core.http import entry_point, http_app

app = http_app(provisioning.router, subscriptions.router, tenants.router)
handler = entry_point(app)
