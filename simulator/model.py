"""What the simulator remembers: money in integer cents, moments in milliseconds, no rendered documents."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Application:
    client_id: str
    client_secret: str
    name: str = "An application"
    redirect_uris: list[str] = field(default_factory=list)
    notifications_url: str | None = None
    topics: list[str] = field(default_factory=list)
    disabled_topics: list[str] = field(default_factory=list)
    pkce: bool = False
    blocked: bool = False
    expires_in: int = 21_600
    site_id: str = "MLB"
    max_requests_per_hour: int = 18_000
    scopes: list[str] = field(default_factory=lambda: ["offline_access", "read", "write"])
    permissions: dict[str, str] = field(default_factory=dict)
    owner_id: int | None = None
    owner_pending_kyc: bool = False
    block_reason: str | None = None
    # The secret that is on its way out: valid beside the new one until the moment of the scheduled renewal.
    old_secret: str | None = None
    old_secret_until_ms: int = 0

    @property
    def number(self) -> int | str:
        """The id as documents print it: a number, unless a test registered a word."""
        return int(self.client_id) if self.client_id.isdigit() else self.client_id


@dataclass(slots=True)
class Seller:
    id: int
    nickname: str
    site_id: str
    first_name: str
    last_name: str
    date_created: int
    operator_of: int | None = None
    pending_kyc: bool = False
    active: bool = True
    tags: list[str] = field(default_factory=list)
    reputation: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Variation:
    id: int
    color: str
    price: int
    available_quantity: int
    sold_quantity: int
    sku: str


@dataclass(slots=True)
class Item:
    id: str
    seller_id: int
    site_id: str
    title: str
    category_id: str
    price: int
    original_price: int | None
    initial_quantity: int
    available_quantity: int
    sold_quantity: int
    listing_type_id: str
    status: str
    sku: str
    user_product_id: str
    free_shipping: bool
    logistic_type: str
    date_created: int
    last_updated: int
    stop_time: int
    sub_status: list[str] = field(default_factory=list)
    price_automation: bool = False
    mode: str = "me2"
    variations: list[Variation] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    family_id: int | None = None
    family_name: str | None = None
    parent_item_id: str | None = None
    relisted: bool = False
    type_changed: bool = False

    def __post_init__(self) -> None:
        self.variations = [one if isinstance(one, Variation) else Variation(**one) for one in self.variations]

    @property
    def inventory_id(self) -> str | None:
        """The code under which Full keeps the stock."""
        return f"FB{self.id[3:]}" if self.logistic_type == "fulfillment" else None


@dataclass(slots=True)
class Order:
    id: int
    seller_id: int
    pack_id: int | None
    status: str
    item_id: str
    quantity: int
    unit_price: int
    full_unit_price: int
    sale_fee: int
    listing_type_id: str
    buyer_id: int
    payment_id: int
    payment_type: str
    installments: int
    shipping_id: int | None
    date_created: int
    date_closed: int
    last_updated: int
    date_last_updated: int
    date_approved: int | None
    refunded: int = 0
    delivered: bool = False
    extra_tags: list[str] = field(default_factory=list)
    cancelled_by: str | None = None
    variation_id: int | None = None
    # The sale was cancelled and its money went back to the account, yet the order stays paid and is unfulfilled.
    money_returned: bool = False
    discount: int = 0
    feedback: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.unit_price * self.quantity

    @property
    def paid(self) -> int:
        return self.total if self.date_approved is not None else 0


@dataclass(slots=True)
class AuthorizationCode:
    code: str
    client_id: str
    user_id: int
    redirect_uri: str
    challenge: str | None
    challenge_method: str
    expires_ms: int


@dataclass(slots=True)
class Grant:
    """One application's permission from one seller; it holds the only refresh token that works."""

    client_id: str
    user_id: int
    date_created: int
    refresh_token: str
    refresh_expires_ms: int
    last_used_ms: int
    scopes: list[str] = field(default_factory=lambda: ["offline_access", "read", "write"])


@dataclass(slots=True)
class AccessToken:
    token: str
    client_id: str
    user_id: int
    expires_ms: int


@dataclass(slots=True)
class TokenCalls:
    """Calls to the token endpoint for one account: what a test asserts to see that nobody refreshes twice."""

    client_id: str
    user_id: int
    authorization_code: int = 0
    refresh_token: int = 0
    refused: int = 0


@dataclass(slots=True)
class Notification:
    id: str
    client_id: str
    user_id: int
    topic: str
    resource: str
    received_ms: int
    due_ms: int
    attempts: int = 0
    sent_ms: int = 0
    actions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Delivery:
    """One attempt to deliver one notification, or the reason why there was none."""

    seq: int
    notification_id: str
    client_id: str
    user_id: int
    topic: str
    resource: str
    attempt: int
    outcome: str
    status: int | None
    ack_ms: float | None
    sent_ms: int


@dataclass(slots=True)
class MissedFeed:
    """A notification that used up its attempts, with what the last one met."""

    notification: Notification
    missed_ms: int
    url: str
    data: str
    req_time: int
    http_code: int
    body: str
