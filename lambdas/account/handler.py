"""One's own account, for someone who logged in: an API key gets nowhere here."""

from __future__ import annotations

from lambdas.account import credentials, sessions, totp
from painelml.core.http import entry_point, http_app

app = http_app(credentials.router, sessions.router, totp.router)
handler = entry_point(app)
