"""Replacing keys while everyone goes on working (docs/decisions/0025).

A signing key goes through three steps, each when the one before has reached every process: published beside the current one;
used to sign; the old one gone. Each call takes the step that is due, so a rotation that was interrupted is simply gone on with.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from painelml.core import secrets
from painelml.core.clock import now, rfc3339
from painelml.core.crypto import random_token
from painelml.identity import keys
from painelml.identity.tokens import CLOCK_SKEW, LIFETIME

SPREAD = timedelta(seconds=secrets.KEEP_SECONDS) + timedelta(minutes=5)
"""Until every process has read a secret or parameter anew: they keep it for five minutes, and may be five in starting."""
OUTLIVED = SPREAD + LIFETIME + CLOCK_SKEW
"""Until the last token of a retired key is over: a process may sign with it until it reads anew."""


class Rotation(BaseModel):
    """`step` is what this call did; `current` the key that signs now; `next_at` when the next step is due."""

    step: Literal["published", "promoted", "removed", "waiting"]
    current: str
    published: list[str]
    next_at: str | None


def rotate_signing_key(moment: datetime | None = None) -> Rotation:
    """Takes the step that is due. Begins a rotation where none is under way. Two at once take one step, not two."""
    turn = _Turn(moment or now())
    with keys.only_writer():
        held = secrets.change("jwt", turn.take)
        # Also where nothing was due: an earlier call may have died between the secret and the parameter.
        keys.publish(held)
    return Rotation(step=turn.step, current=held["current"], published=list(held["keys"]), next_at=turn.next_at)


def rotate_encryption_key() -> str:
    """A new key seals from now on; the old ones stay, for what they sealed. Returns the new key's id."""
    with keys.only_writer():
        return str(secrets.change("encryption", lambda held: _with_new(held, keys.sealing_key()))["current"])


class _Turn:
    """One step of a rotation, as a function from the secret's object to what it becomes."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self.step: Literal["published", "promoted", "removed", "waiting"] = "waiting"
        self.next_at: str | None = None

    def take(self, held: dict[str, Any]) -> dict[str, Any]:
        steps: dict[str | None, Callable[[dict[str, Any]], dict[str, Any]]] = {
            None: self._publish,
            "published": self._promote,
            "promoted": self._remove,
        }
        under_way: dict[str, str] = held.get("rotation") or {}
        next_at = under_way.get("next_at")
        if next_at is not None and self._moment < datetime.fromisoformat(next_at):
            self.next_at = next_at
            return held
        return steps[under_way.get("step")](held)

    def _publish(self, held: dict[str, Any]) -> dict[str, Any]:
        kid = random_token(64)
        rotation = self._note("published", SPREAD) | {"next": kid}
        return {**held, "keys": {**held["keys"], kid: keys.signing_pem()}, "rotation": rotation}

    def _promote(self, held: dict[str, Any]) -> dict[str, Any]:
        return {**held, "current": held["rotation"]["next"], "rotation": self._note("promoted", OUTLIVED)}

    def _remove(self, held: dict[str, Any]) -> dict[str, Any]:
        self.step, self.next_at = "removed", None
        kept = {name: value for name, value in held.items() if name != "rotation"}
        return {**kept, "keys": {held["current"]: held["keys"][held["current"]]}}

    def _note(self, step: Literal["published", "promoted"], wait: timedelta) -> dict[str, str]:
        self.step, self.next_at = step, rfc3339(self._moment + wait)
        return {"step": step, "next_at": self.next_at}


def _with_new(held: dict[str, Any], key: str) -> dict[str, Any]:
    key_id = random_token(64)
    return {**held, "current": key_id, "keys": {**held["keys"], key_id: key}}
