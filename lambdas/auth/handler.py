"""Sign-up, login, and the life of a session."""

from __future__ import annotations

from lambdas.auth import keys, people, sessions
from painelml.core.http import entry_point, http_app

app = http_app(keys.router, people.router, sessions.router)
handler = entry_point(app)
