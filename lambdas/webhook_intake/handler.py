"""The door of signed webhooks: verify, queue, answer. Outside the VPC: it needs neither database nor cache."""

from __future__ import annotations

from painelml.core.http import entry_point, http_app
from painelml.webhooks import intake

app = http_app()


@app.post("/webhooks/stripe")
def take_stripe() -> dict[str, bool]:
    intake.take_stripe(app.current_event.raw_event)
    return {"received": True}


# The cap is on the bytes, which base64 makes a third longer on the way here: intake counts them after undoing it.
handler = entry_point(app, body_limit_bytes=intake.STRIPE_LIMIT * 2, from_provider=True)
