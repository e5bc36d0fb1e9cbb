"""What the simulator remembers: money in integer cents, moments in milliseconds, no rendered documents."""

from dataclasses import dataclass, field


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
