"""What the command says when something cannot be done: what happened, why, and what to do."""

from __future__ import annotations

EXIT_CODES = (
    "Exit codes: 0 it is done; 1 it was refused or it failed, and the text says why and what to do; 2 the command line was "
    "wrong. After 1 and 2 nothing was changed, unless the text says otherwise."
)


class OperationError(Exception):
    """`what` happened, `why`, and what to `do` about it; each a sentence for a person."""

    def __init__(self, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(" ".join(part for part in (what, why, do) if part))
        self.what = what
        self.why = why
        self.do = do
