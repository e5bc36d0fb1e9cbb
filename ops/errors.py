"""What the command says when something cannot be done: what happened, why, and what to do."""

from __future__ import annotations


class OperationError(Exception):
    """`what` happened, `why`, and what to `do` about it; each a sentence for a person."""

    def __init__(self, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(" ".join(part for part in (what, why, do) if part))
        self.what = what
        self.why = why
        self.do = do
