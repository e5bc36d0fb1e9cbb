"""What a tenant can see of what was done in it, and its own copy of its data."""

from __future__ import annotations

from lambdas.records import audit_log, exports
from painelml.core.http import entry_point, http_app

app = http_app(audit_log.router, exports.router)
handler = entry_point(app)
