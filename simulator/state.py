"""The world: everything the simulator knows, in memory for reading and in the store for the next start."""

import dataclasses
import gc
from collections import deque
from pathlib import Path
from typing import Any

from .books import Books
from .chaos import Chaos
from .clock import Clock
from .desk import Desk
from .ledger import Ledger
from .model import (
    AccessToken,
    Application,
    AuthorizationCode,
    Delivery,
    Grant,
    Item,
    MissedFeed,
    Notification,
    Order,
    Seller,
    TokenCalls,
)
from .shipment_timeline import Shipment
from .stock import ProductStock
from .store import Store

DELIVERIES_KEPT = 100_000

# The first value of each series, shaped like today's real ids: all but items exceed 32 bits or soon will.
FIRST_NUMBERS = {
    "seller": 0,
    "user": 1_482_301_177,
    "item": 4_000_000_101,
    "user_product": 1_000_000_001,
    "order": 2_000_011_800_000_001,
    "pack": 2_000_008_800_000_001,
    "shipment": 45_100_000_001,
    "payment": 131_000_000_001,
    "buyer": 700_000_001,
    "variation": 180_000_000_001,
    "family": 9_100_000_000_001,
    "delivery": 1,
    "question": 13_000_000_001,
    "message": 1,
    "claim": 5_300_000_001,
    "return": 95_000_001,
    "charge": 900_000_001,
    "bill": 3_000_000_001,
}


class World:
    """State and its indexes. Whoever changes a record calls the matching `save_…`, which indexes and persists it."""

    def __init__(self, seed: int = 7, state_dir: Path | None = None, retry_scale: float | None = None) -> None:
        self.seed = seed
        self._retry_scale = retry_scale
        self.clock = Clock()
        self.store = Store(state_dir)
        self._empty()
        self._load()
        self.settle()

    def _empty(self) -> None:
        self.chaos = self.calm()
        self.apps: dict[str, Application] = {}
        self.sellers: dict[int, Seller] = {}
        self.items: dict[str, Item] = {}
        self.catalogues: dict[int, list[str]] = {}
        self.products: dict[str, list[str]] = {}
        self.orders: dict[int, Order] = {}
        self.ledgers: dict[int, Ledger] = {}
        self.packs: dict[int, list[int]] = {}
        self.payments: dict[int, int] = {}
        self.parcels: dict[int, list[int]] = {}
        self.shipments: dict[int, Shipment] = {}
        self.stocks: dict[str, ProductStock] = {}
        # Rendered answers by order and item: what they show changes only through `save_…` and the switches.
        self.rendered_orders: dict[int, tuple[int, bytes]] = {}
        self.rendered_items: dict[str, tuple[dict[str, Any], bytes]] = {}
        self.hidden_until: dict[int, int] = {}
        self.grants: dict[tuple[str, int], Grant] = {}
        self.refresh_tokens: dict[str, Grant] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.token_calls: dict[tuple[str, int], TokenCalls] = {}
        self.pending: dict[str, Notification] = {}
        self.missed: dict[str, MissedFeed] = {}
        self.deliveries: deque[Delivery] = deque()
        self.desk = Desk(self.store)
        self.books = Books(self.store)
        self._numbers = dict(FIRST_NUMBERS)

    def calm(self) -> Chaos:
        """Every switch as at the start; the command line may have set the pace of the retries."""
        return Chaos() if self._retry_scale is None else Chaos(retry_scale=self._retry_scale)

    def _load(self) -> None:
        read = self.store.read
        for key, body in read("meta"):
            if key == "clock":
                self.clock.offset_ms = body
            elif key == "chaos":
                self.chaos = Chaos(**body | ({"retry_scale": self._retry_scale} if self._retry_scale is not None else {}))
            elif key == "numbers":
                self._numbers |= body
        self.apps = {key: Application(**body) for key, body in read("app")}
        self.sellers = {int(key): Seller(**body) for key, body in read("seller")}
        self.add_items([Item(**body) for _, body in read("item")], save=False)
        self.add_orders([Order(**body) for _, body in read("order")], save=False)
        self.shipments = {int(key): Shipment(**body) for key, body in read("shipment")}
        self.stocks = {key: ProductStock(**body) for key, body in read("stock")}
        for _, body in read("grant"):
            self._index_grant(Grant(**body))
        self.access_tokens = {key: AccessToken(**body) for key, body in read("access_token")}
        self.codes = {key: AuthorizationCode(**body) for key, body in read("code")}
        for _, body in read("token_calls"):
            calls = TokenCalls(**body)
            self.token_calls[calls.client_id, calls.user_id] = calls
        self.pending = {key: Notification(**body) for key, body in read("notification")}
        for key, body in read("missed"):
            self.missed[key] = MissedFeed(**body | {"notification": Notification(**body["notification"])})
        self.desk.load()
        self.books.load()
        self.deliveries = deque(sorted((Delivery(**body) for _, body in read("delivery")), key=lambda one: one.seq))

    def settle(self) -> None:
        """Keep the garbage collector away from the records: walking 250,000 orders would outlast a 500 ms deadline."""
        gc.freeze()

    def clear(self) -> None:
        """Forget everything, the clock's offset included."""
        self.store.clear()
        self._empty()
        self.clock.offset_ms = 0

    def next_number(self, series: str, count: int = 1) -> int:
        """Take `count` numbers of a series and answer the first."""
        first = self._numbers[series]
        self._numbers[series] = first + count
        self.store.put("meta", "numbers", self._numbers)
        return first

    def save_settings(self) -> None:
        self.rendered_orders.clear()
        self.rendered_items.clear()
        self.store.put("meta", "clock", self.clock.offset_ms)
        self.store.put("meta", "chaos", dataclasses.asdict(self.chaos))

    # Sellers, items, orders

    def save_app(self, app: Application) -> None:
        self.apps[app.client_id] = app
        self.store.put("app", app.client_id, app)

    def save_seller(self, seller: Seller) -> None:
        self.sellers[seller.id] = seller
        self.store.put("seller", seller.id, seller)

    def add_items(self, items: list[Item], *, save: bool = True) -> None:
        for item in items:
            self.items[item.id] = item
            self.catalogues.setdefault(item.seller_id, []).append(item.id)
            self.products.setdefault(item.user_product_id, []).append(item.id)
            if save:
                self.store.put("item", item.id, item)

    def save_item(self, item: Item) -> None:
        self.rendered_items.pop(item.id, None)
        self.store.put("item", item.id, item)

    def add_orders(self, orders: list[Order], *, save: bool = True) -> None:
        by_seller: dict[int, list[Order]] = {}
        for order in orders:
            self.orders[order.id] = order
            by_seller.setdefault(order.seller_id, []).append(order)
            self.payments[order.payment_id] = order.id
            if order.pack_id is not None:
                self.packs.setdefault(order.pack_id, []).append(order.id)
            if order.shipping_id is not None:
                self.parcels.setdefault(order.shipping_id, []).append(order.id)
            if save:
                self.store.put("order", order.id, order)
        for seller_id, mine in by_seller.items():
            self.ledger(seller_id).fill(mine)

    def save_order(self, order: Order) -> None:
        self.rendered_orders.pop(order.id, None)
        if order.shipping_id is not None and order.id not in (mates := self.parcels.setdefault(order.shipping_id, [])):
            mates.append(order.id)
        self.ledger(order.seller_id).place(order)
        self.store.put("order", order.id, order)

    def save_shipment(self, shipment: Shipment) -> None:
        self.shipments[shipment.id] = shipment
        self.store.put("shipment", shipment.id, shipment)

    def save_stock(self, stock: ProductStock) -> None:
        self.stocks[stock.id] = stock
        self.store.put("stock", stock.id, stock)

    def ledger(self, seller_id: int) -> Ledger:
        return self.ledgers.setdefault(seller_id, Ledger())

    def seller_items(self, seller_id: int) -> list[Item]:
        return [self.items[item_id] for item_id in self.catalogues.get(seller_id, ())]

    def hide(self, number: int) -> None:
        """Keep something new out of sight for a while, if the switch says that it is announced before it can be read."""
        if self.chaos.read_after_notify_ms:
            self.hidden_until[number] = self.clock.now_ms() + self.chaos.read_after_notify_ms

    def is_hidden(self, order_id: int) -> bool:
        """Whether something announced is still in the window in which reading it answers 404."""
        until = self.hidden_until.get(order_id)
        if until is None:
            return False
        if until > self.clock.now_ms():
            return True
        del self.hidden_until[order_id]
        return False

    # Grants and tokens

    def save_grant(self, grant: Grant) -> None:
        self._index_grant(grant)
        self.store.put("grant", f"{grant.client_id}/{grant.user_id}", grant)

    def _index_grant(self, grant: Grant) -> None:
        self.grants[grant.client_id, grant.user_id] = grant
        if grant.refresh_token:
            self.refresh_tokens[grant.refresh_token] = grant

    def drop_grant(self, grant: Grant) -> None:
        """Revocation deletes all tokens of the pair, access tokens included."""
        self.grants.pop((grant.client_id, grant.user_id), None)
        self.refresh_tokens.pop(grant.refresh_token, None)
        self.store.remove("grant", f"{grant.client_id}/{grant.user_id}")
        self.drop_access_tokens(grant.client_id, grant.user_id)

    def save_access_token(self, token: AccessToken) -> None:
        self.access_tokens[token.token] = token
        self.store.put("access_token", token.token, token)

    def drop_access_tokens(self, client_id: str, user_id: int | None = None, expired_before: int | None = None) -> None:
        doomed = [
            token.token
            for token in self.access_tokens.values()
            if token.client_id == client_id
            and user_id in (None, token.user_id)
            and (expired_before is None or token.expires_ms < expired_before)
        ]
        for name in doomed:
            del self.access_tokens[name]
            self.store.remove("access_token", name)

    def save_code(self, code: AuthorizationCode) -> None:
        self.codes[code.code] = code
        self.store.put("code", code.code, code)

    def take_code(self, code: str) -> AuthorizationCode | None:
        """Remove and answer a code: whatever happens next, it has been used."""
        self.store.remove("code", code)
        return self.codes.pop(code, None)

    def count_token_call(self, client_id: str, user_id: int, kind: str) -> None:
        calls = self.token_calls.setdefault((client_id, user_id), TokenCalls(client_id, user_id))
        setattr(calls, kind, getattr(calls, kind) + 1)
        self.store.put("token_calls", f"{client_id}/{user_id}", calls)

    # Notifications

    def save_notification(self, notification: Notification) -> None:
        self.pending[notification.id] = notification
        self.store.put("notification", notification.id, notification)

    def finish_notification(self, notification: Notification) -> None:
        self.pending.pop(notification.id, None)
        self.store.remove("notification", notification.id)

    def save_missed(self, missed: MissedFeed) -> None:
        self.missed[missed.notification.id] = missed
        self.store.put("missed", missed.notification.id, missed)

    def prune_missed(self, life_ms: int) -> None:
        oldest = self.clock.now_ms() - life_ms
        for notification_id in [key for key, missed in self.missed.items() if missed.missed_ms < oldest]:
            del self.missed[notification_id]
            self.store.remove("missed", notification_id)

    def record_delivery(self, notification: Notification, outcome: str, **result: Any) -> Delivery:
        delivery = Delivery(
            seq=self.next_number("delivery"),
            notification_id=notification.id,
            client_id=notification.client_id,
            user_id=notification.user_id,
            topic=notification.topic,
            resource=notification.resource,
            attempt=notification.attempts,
            outcome=outcome,
            status=result.get("status"),
            ack_ms=result.get("ack_ms"),
            sent_ms=notification.sent_ms,
        )
        self.deliveries.append(delivery)
        self.store.put("delivery", delivery.seq, delivery)
        if len(self.deliveries) > DELIVERIES_KEPT:
            self.store.remove("delivery", self.deliveries.popleft().seq)
        return delivery
