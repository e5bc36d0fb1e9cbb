"""A tenant and its people, for themselves."""

from __future__ import annotations

from lambdas.tenants import tenant, users
from painelml.core.http import entry_point, http_app

app = http_app(tenant.router, users.router)
handler = entry_point(app)
