"""A storm of notifications, duplicated, reordered and dropped, while parts of the system are killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.chaos.site import Account, Site
from tests.chaos.verdict import Told, Truth, told, truth
from tests.servers import wait_until

SELLERS_AT_ONCE = 10
PAGE = 10_000
# What a kill must be survived by: this many notifications acknowledged while the part is away.
WHILE_AWAY = 20
ACKNOWLEDGE_MS = 5_000  # a laptop under load: the 500 ms are measured elsewhere (`make bench`)


@dataclass(frozen=True, slots=True)
class Weather:
    """`orders` and `changes` of each account, over `seconds`; then the switches of simulator/README.md."""

    orders: int
    changes: int
    seconds: float
    duplicates: float = 0.3
    reorder: float = 0.3
    noop: float = 0.0
    drop: float = 0.02
    retry_scale: float = 0.02

    def switches(self) -> dict[str, Any]:
        named = ("duplicates", "reorder", "noop", "drop", "retry_scale")
        return {name: getattr(self, name) for name in named} | {"deadline_ms": ACKNOWLEDGE_MS}


class Storm:
    """One storm over `accounts`, begun when it is made. `with` waits for its last change to be told."""

    def __init__(self, site: Site, accounts: Sequence[Account], weather: Weather) -> None:
        self._site, self._weather = site, weather
        self._sellers = [account.seller_id for account in accounts]
        # No more are sure: versions in quick succession are read once; what was dropped may be all that an order had.
        self.effects = int(len(accounts) * weather.orders * (1 - weather.drop))
        self._since = last_delivery(site)
        site.sim.chaos(**weather.switches())
        self._changing = ThreadPoolExecutor(1)

    def __enter__(self) -> Storm:
        orders = [order for sellers in _some(self._sellers, SELLERS_AT_ONCE) for order in self._announce(sellers)]
        self._change = self._changing.submit(self._change_orders, orders)
        return self

    def __exit__(self, *_: object) -> None:
        self._changing.shutdown(wait=True)
        self._change.result()

    def told(self) -> Told:
        return told(deliveries(self._site, self._since))

    def wait_until_told(self, seconds: float) -> None:
        """Until Mercado Livre has nothing more to say; the switches are off then."""
        wait_until(lambda: waiting(self._site) == 0, seconds=seconds, what="the end of the storm", pause=0.5)
        self._site.sim.calm()

    def _announce(self, sellers: Sequence[int]) -> list[list[int]]:
        """Orders of these sellers, announced in the storm's time; one list for each seller."""
        body = {"seller_ids": list(sellers), "orders_each": self._weather.orders, "over_seconds": self._weather.seconds}
        made = self._site.sim.ask("POST", "/_sim/storm", body)["order_ids"]
        return [made[str(seller)] for seller in sellers]

    def _change_orders(self, orders: Sequence[Sequence[int]]) -> None:
        """Later versions of the first orders of each, while the storm is under way: every third is cancelled."""
        for turn in range(self._weather.changes):
            for ids in orders:
                order = ids[turn % len(ids)]
                action = "cancel" if turn % 3 == 0 and turn < len(ids) else "touch"
                self._site.sim.change(order, action)


def kill_among(site: Site, storm: Storm, parts: Sequence[str], *, patience: float) -> dict[str, int]:
    """Kills the parts one after the other, evenly over the storm's effects, and starts each again; how many of each."""
    for number, part in enumerate(parts, start=1):
        _kill_at(site, storm.effects * number // (len(parts) + 1), part, patience)
    return dict(Counter(parts))


def _kill_at(site: Site, effects: int, part: str, patience: float) -> None:
    wait_until(lambda: site.applied() >= effects, seconds=patience, what=f"{effects} effects", pause=0.2)
    before = acknowledged(site)
    site.kill(part)
    if part != "worker":
        wait_until(
            lambda: acknowledged(site) >= before + WHILE_AWAY or waiting(site) == 0,
            seconds=patience,
            what=f"acknowledgements without {part}",
            pause=0.2,
        )
    site.restart(part)


def acknowledged(site: Site) -> int:
    return int(site.sim.ask("GET", "/_sim/deliveries?outcome=delivered&limit=1")["total"])


def waiting(site: Site) -> int:
    return int(site.sim.ask("GET", "/_sim/health")["notifications_waiting"])


def last_delivery(site: Site) -> int:
    """The newest attempt's number; there is one since the accounts were opened."""
    return int(site.sim.ask("GET", "/_sim/deliveries?limit=1")["deliveries"][-1]["seq"])


def deliveries(site: Site, after: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := site.sim.ask("GET", f"/_sim/deliveries?after={after}&limit={PAGE}")["deliveries"]:
        found += page
        after = page[-1]["seq"]
    return found


def real(site: Site, accounts: Iterable[Account]) -> Truth:
    owners = {account.seller_id: account.tenant_id for account in accounts}
    return truth(owners, {seller_id: site.sim.truth(seller_id) for seller_id in owners})


def _some(sellers: Sequence[int], size: int) -> list[Sequence[int]]:
    return [sellers[start : start + size] for start in range(0, len(sellers), size)]
