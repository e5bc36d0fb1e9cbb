"""What the workers do a second, and what the dispatcher holds in memory."""

from __future__ import annotations
