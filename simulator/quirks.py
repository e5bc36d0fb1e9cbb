"""Choices where Mercado Livre's documentation is silent: each default is what integrators report, the switch is the doubt."""

from dataclasses import dataclass

from .talk_switches import TALK_CHOICES, TalkSwitches

# The words that a switch with a text value accepts; a text switch not named here accepts any word.
WORDS: dict[str, tuple[str, ...]] = {
    "pkce_checked_at": ("exchange", "consent"),
    "unauthorized_body": ("code", "plain", "old"),
    "third_party_items": ("forbidden", "public"),
    "bulk_missing": ("bare", "body", "dropped"),
    "bulk_repeated": ("refuse", "collapse"),
    "bulk_over_limit": ("refuse", "truncate"),
    "limit_body": ("json", "text"),
} | TALK_CHOICES


@dataclass(slots=True)
class Quirks(TalkSwitches):
    """Everything that the reference marks as unverified, as a switch."""

    # Authorization
    pkce_checked_at: str = "exchange"
    code_life_seconds: int = 600
    denial_error: str = "access_denied"
    oauth_error_message: bool = False
    access_dies_on_refresh: bool = False
    unauthorized_body: str = "code"
    missed_feeds_owner_only: bool = False
    # Notifications
    new_id_per_attempt: bool = False
    orders_feedback_topic: str = "orders_feedback"
    stock_location_topic: str = "stock-location"
    families_topic: str = "user-products-families"
    # Items
    items_wall_error: str = "invalid_offset"
    legacy_multiget: bool = False
    bulk_strict_projection: bool = True
    bulk_shuffled: bool = False
    bulk_missing: str = "bare"
    bulk_repeated: str = "refuse"
    bulk_over_limit: str = "refuse"
    legacy_shuffled: bool = False
    third_party_items: str = "forbidden"
    bucket_own_quantities: bool = False
    warnings_block: bool = False
    full_stock_locked: bool = False
    listing_prices_object: bool = True
    fixed_fee_by_logistics: bool = True
    # Orders
    orders_limit: int = 51
    orders_offset_cap: int = 10_000
    orders_scan: bool = True
    hide_cancelled_orders: bool = False
    last_updated_filter: bool = False
    print_status_detail: bool = False
    discounts_404: bool = True
    # Shipments
    legacy_shipment_shape: bool = True
    shipments_multiget: bool = False
    invoice_before_label: bool = False
    # Limits
    limit_body: str = "json"
    retry_after_seconds: int | None = None
