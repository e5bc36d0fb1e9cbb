"""Messages after the sale, for notifications and syncs."""

from __future__ import annotations

from painelml.marketplace.kinds import Kind, pointing
from painelml.marketplace.messages.models import FoundMessage
from painelml.marketplace.messages.service import apply_messages, fetch_message

KIND: Kind[FoundMessage] = Kind(
    name="message",
    path="/messages/{id}",
    topics={"messages": pointing("(?:messages/)?([0-9A-Za-z]{8,64})")},  # usually the bare id; written and read alike
    fetch=fetch_message,
    apply=apply_messages,
)
