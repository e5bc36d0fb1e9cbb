"""The books: what Mercado Livre charges its sellers, entry by entry, out of their own sales.

Entries are booked when somebody looks, in the order in which they arose: an approved payment is a sale charge, its
cancellation gives the charge back. A refund in time lowers the bill; one that comes after the period was closed is a
credit note on that closed period.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .billing_periods import is_closed, period_of, start_of
from .store import Store

if TYPE_CHECKING:
    from .model import Order
    from .state import World

GROUPS = ("ML", "MP")
STREAMS = ("BILL", "CREDIT_NOTE")
SALE_CHARGE = "CV"


@dataclass(slots=True)
class Entry:
    """One line of a bill or credit note. The amount is positive in both; `detail_type` says which way it goes."""

    id: int
    seller_id: int
    period: str
    group: str
    stream: str
    detail_type: str
    sub_type: str
    amount: int
    created: int
    order_id: int | None = None
    bonified_id: int | None = None
    section: str | None = None


@dataclass(slots=True)
class Account:
    seller_id: int
    since: int


class Books:
    """Every entry of every seller, by rising id."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.entries: dict[int, list[Entry]] = {}
        self.accounts: dict[int, Account] = {}
        self._sales: dict[int, Entry] = {}
        self._given_back: dict[int, int] = {}
        self._bills: dict[str, int] = {}

    def load(self) -> None:
        """Read what an earlier process kept."""
        for entry in sorted((Entry(**body) for _, body in self._store.read("entry")), key=lambda one: one.id):
            self._index(entry)
        self.accounts = {int(key): Account(**body) for key, body in self._store.read("account")}
        self._bills = dict(self._store.read("bill"))

    def open_account(self, seller_id: int, since: int) -> Account:
        account = self.accounts[seller_id] = Account(seller_id, since)
        self._store.put("account", seller_id, account)
        return account

    def add(self, world: "World", entry: Entry) -> Entry:
        """Keep a new entry under the next id."""
        entry.id = world.next_number("charge")
        self._index(entry)
        self._store.put("entry", entry.id, entry)
        return entry

    def _index(self, entry: Entry) -> None:
        self.entries.setdefault(entry.seller_id, []).append(entry)
        if entry.sub_type == SALE_CHARGE and entry.order_id is not None:
            self._sales[entry.order_id] = entry
        if entry.bonified_id is not None:
            self._given_back[entry.bonified_id] = self._given_back.get(entry.bonified_id, 0) + entry.amount

    def left_of(self, entry: Entry) -> int:
        """What of a charge was not given back yet, in cents."""
        return entry.amount - self._given_back.get(entry.id, 0)

    def bill_number(self, world: "World", entry: Entry) -> int:
        """The id of the document that an entry ends on, with all others of its period, group and stream."""
        name = f"{entry.seller_id}/{entry.period}/{entry.group}/{entry.stream}"
        if name not in self._bills:
            self._bills[name] = world.next_number("bill")
            self._store.put("bill", name, self._bills[name])
        return self._bills[name]

    def find_bill(self, number: int) -> tuple[int, str, str, str] | None:
        """Seller, period, group and stream of a document."""
        name = next((name for name, value in self._bills.items() if value == number), None)
        if name is None:
            return None
        seller_id, period, group, stream = name.split("/")
        return int(seller_id), period, group, stream

    def of_seller(self, world: "World", seller_id: int) -> list[Entry]:
        """The seller's entries, after booking what happened since somebody last looked."""
        account = self.accounts.get(seller_id) or self.open_account(seller_id, start_of(period_of(world.clock.now_ms())))
        sold = (world.orders[order_id] for order_id in world.ledger(seller_id).ids())
        billed = [order for order in sold if order.date_approved is not None and order.date_approved >= account.since]
        self._book_sales(world, billed)
        self._book_refunds(world, billed)
        return self.entries.setdefault(seller_id, [])

    def _book_sales(self, world: "World", orders: Iterable["Order"]) -> None:
        fresh = []
        for order in orders:
            fee = order.sale_fee * order.quantity
            booked = self._sales.get(order.id)
            if booked is None:
                fresh.append((order.date_approved or 0, order.id, order.seller_id, fee))
            elif booked.amount != fee and not is_closed(booked.period, world.clock.now_ms()):
                # A bill still in the making follows the sale.
                booked.amount = fee
                self._store.put("entry", booked.id, booked)
        for moment, order_id, seller_id, fee in sorted(fresh):
            charge = Entry(0, seller_id, period_of(moment), "ML", "BILL", "CHARGE", SALE_CHARGE, fee, moment, order_id)
            self.add(world, charge)

    def _book_refunds(self, world: "World", orders: Iterable["Order"]) -> None:
        cancelled = [order for order in orders if order.status == "cancelled"]
        for order in sorted(cancelled, key=lambda one: (one.last_updated, one.id)):
            charge = self._sales[order.id]
            if left := self.left_of(charge):
                self.give_back(world, charge, left, order.last_updated)

    def give_back(self, world: "World", charge: Entry, amount: int, moment: int) -> Entry:
        """A bonus on a charge: on the bill while its period is open, a credit note on the closed period afterwards."""
        late = is_closed(charge.period, moment)
        sub_type = world.chaos.billing_refund_sub_type if charge.sub_type == SALE_CHARGE else f"B{charge.sub_type[1:]}"
        bonus = Entry(
            id=0,
            seller_id=charge.seller_id,
            period=charge.period,
            group=charge.group,
            stream="CREDIT_NOTE" if late else "BILL",
            detail_type="BONUS",
            sub_type=sub_type,
            amount=amount,
            created=moment,
            order_id=charge.order_id,
            bonified_id=charge.id,
            section=charge.section,
        )
        return self.add(world, bonus)
