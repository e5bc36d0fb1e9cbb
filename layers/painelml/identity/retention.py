"""What is over is forgotten. Apart from the rest of identity, so that the clean-up loads only what it needs."""

from __future__ import annotations

from painelml.core.clock import now
from painelml.core.db import directory_session
from painelml.identity import queries

FAMILIES_AT_ONCE = 1_000


def prune_sessions() -> int:
    """Forgets sessions that nobody could go on with; returns how many tokens went."""
    pruned = 0
    while True:
        with directory_session() as session:
            some = queries.prune_sessions(session, before=now(), families=FAMILIES_AT_ONCE)
        if not some:
            return pruned
        pruned += some


def prune_account_tokens() -> int:
    """Forgets links and invitations that have expired, invitations that were accepted among them; returns how many went."""
    pruned = 0
    while True:
        with directory_session() as session:
            some = queries.prune_account_tokens(session, before=now(), page=FAMILIES_AT_ONCE)
        if not some:
            return pruned
        pruned += some
