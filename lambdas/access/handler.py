"""Who else may enter a tenant: people by invitation, programs by API key."""

from __future__ import annotations

from lambdas.access import api_keys, invitations
from painelml.core.http import entry_point, http_app

app = http_app(api_keys.router, invitations.router)
handler = entry_point(app)
