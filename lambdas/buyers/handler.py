"""What buyers ask and write, and the seller's words to them."""

from __future__ import annotations

from lambdas.buyers import messages, questions
from painelml.core.http import entry_point, http_app

app = http_app(questions.router, messages.router)
handler = entry_point(app)
