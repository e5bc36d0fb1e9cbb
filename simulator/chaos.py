"""The switches: everything that Mercado Livre does to integrators on a bad day, off until asked for."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from .quirks import WORDS, Quirks

ERROR_STATUSES = (302, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504)
ERROR_BODIES = ("json", "text", "truncated", "html", "policy", "forbidden", "status_code", "cause_text", "cause_list", "old")
NULLABLE = ("topic_disable_after", "retry_after_seconds")


@dataclass(slots=True)
class Chaos(Quirks):
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
    no_id: bool = False
    missing_slash: bool = False
    bare_id: bool = False
    sent_before_received: bool = False
    accept_any_2xx: bool = False
    delivery_latency_ms: int = 0
    retry_scale: float = 1.0
    deadline_ms: int = 500
    topic_disable_after: int | None = None
    # The API
    latency_ms: int = 0
    latency_jitter_ms: int = 0
    token_latency_ms: int = 0
    error_rate: float = 0.0
    error_next: int = 0
    error_status: int = 503
    error_body: str = "json"
    error_prefix: str = "/"
    read_after_notify_ms: int = 0
    shipment_after_ms: int = 0
    partial_orders: float = 0.0
    item_conflicts: float = 0.0
    item_write_ms: int = 0
    stock_replication_ms: int = 0
    account_money_refunds: bool = False
    mixed_timestamps: bool = False
    huge_seller_items: int = 200_000

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
    if name in NULLABLE and value is None:
        return value
    number = isinstance(value, int | float) and value >= 0
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if isinstance(default, bool):
        fits = isinstance(value, bool)
    elif isinstance(default, float):
        fits = number
    elif isinstance(default, str):
        words = ERROR_BODIES if name == "error_body" else WORDS.get(name)
        fits = isinstance(value, str) and bool(value) and (words is None or value in words)
    else:
        fits = whole and (name != "error_status" or value in ERROR_STATUSES)
    if not fits:
        raise ValueError(f"{value!r} does not fit the switch {name!r}")
    return float(value) if isinstance(default, float) else value
