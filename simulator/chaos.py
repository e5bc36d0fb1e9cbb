"""The switches: everything that Mercado Livre does to integrators on a bad day, off until asked for."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from .talk_switches import TALK_CHOICES, TalkSwitches

ERROR_STATUSES = (429, 500, 502, 503, 504)
ERROR_BODIES = ("json", "text", "truncated")


@dataclass(slots=True)
class Chaos(TalkSwitches):
    """Rates run from 0 to 1 (`true` means 1); `duplicates` may pass 1, its whole part being certain copies."""

    # Notifications
    send_notifications: bool = True
    notify_without_grant: bool = False
    duplicates: float = 0.0
    reorder: float = 0.0
    reorder_window_ms: int = 2_000
    delay_ms: int = 0
    drop: float = 0.0
    noop: float = 0.0
    unknown_topic: float = 0.0
    string_user_id: bool = False
    plain_id: bool = False
    missing_slash: bool = False
    retry_scale: float = 1.0
    deadline_ms: int = 500
    topic_disable_after: int | None = None
    # The API
    latency_ms: int = 0
    token_latency_ms: int = 0
    error_rate: float = 0.0
    error_status: int = 503
    error_body: str = "json"
    error_prefix: str = "/"
    read_after_notify_ms: int = 0
    partial_orders: float = 0.0
    legacy_multiget: bool = False
    access_dies_on_refresh: bool = False

    def change(self, values: dict[str, Any]) -> None:
        """Set the named switches, all or none: a misspelt one raises `ValueError`."""
        fields = {field.name: field for field in dataclasses.fields(self)}
        checked = {}
        for name, value in values.items():
            if name not in fields:
                raise ValueError(f"unknown switch {name!r}; there are {', '.join(fields)}")
            checked[name] = _checked(name, fields[name].default, value)
        for name, value in checked.items():
            setattr(self, name, value)


def _checked(name: str, default: Any, value: Any) -> Any:
    """The value in the type of its switch, which is the type of the default."""
    if name in TALK_CHOICES and value not in TALK_CHOICES[name]:
        raise ValueError(f"{name} is one of {', '.join(TALK_CHOICES[name])}")
    if (name == "topic_disable_after" and value is None) or (name == "error_body" and value in ERROR_BODIES):
        return value
    number = isinstance(value, int | float) and value >= 0
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if isinstance(default, bool):
        fits = isinstance(value, bool)
    elif isinstance(default, float):
        fits = number
    elif isinstance(default, str):
        fits = isinstance(value, str) and name != "error_body"
    else:
        fits = whole and (name != "error_status" or value in ERROR_STATUSES)
    if not fits:
        raise ValueError(f"{value!r} does not fit the switch {name!r}")
    return float(value) if isinstance(default, float) else value
