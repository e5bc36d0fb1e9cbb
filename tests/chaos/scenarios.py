"""What is proven: a storm with kills loses nothing, and what a dead queue forgets comes back by itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from tests.chaos import verdict
from tests.chaos.site import Account, Site
from tests.chaos.storm import Storm, Weather, acknowledged, kill_among, real, waiting
from tests.chaos.verdict import Told
from tests.servers import wait_until

UNREACHABLE = "http://127.0.0.1:9/nobody"
# Our clock is this far ahead of Mercado Livre's, so that what happens now is settled: comparisons end at a whole hour
# that is over for a quarter of one.
HOURS_BEHIND = 3


@dataclass(frozen=True, slots=True)
class Form:
    """How much: the short form runs with the tests, the long one by `make chaos`."""

    name: str
    tenants: int
    accounts: int
    storm: Weather
    kills: tuple[str, ...]
    second_storm: Weather
    patience: float


@dataclass(slots=True)
class Outcome:
    """One scenario's numbers. `repaired`: resources put right by each way back; the first three lists must be empty."""

    scenario: str
    sent: int = 0
    attempts: int = 0
    acknowledged: int = 0
    dropped: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    applied_twice: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    missing_before: int = 0
    repaired: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not (self.lost or self.applied_twice or self.foreign)

    def heard(self, told: Told) -> None:
        self.sent = len(told.announced)
        self.attempts, self.dropped = told.attempts, told.dropped
        self.acknowledged = len(told.acknowledged)


def open_accounts(site: Site, form: Form) -> list[Account]:
    """Connected, synchronised, and heard of once."""
    site.sim.ask("POST", "/_sim/clock", {"advance_seconds": -HOURS_BEHIND * 3600})
    accounts = site.open(tenants=form.tenants, accounts=form.accounts)
    wait_until(lambda: site.queued() == 0 and site.syncing() == 0, seconds=form.patience, what="the first syncs", pause=0.5)
    one = accounts[0].seller_id
    item = site.sim.truth(one)["items"]["ids"][0]
    site.sim.ask("POST", "/_sim/notify", {"seller_id": one, "topic": "items", "resource": f"/items/{item}"})
    wait_until(lambda: waiting(site) == 0, seconds=60, what="the first notification")
    site.wait_until_idle(form.patience)
    return accounts


def storm_with_kills(site: Site, accounts: Sequence[Account], form: Form) -> Outcome:
    """Parts die and come back; what got its 200 is here, once and in the right hands. The rest comes back afterwards."""
    outcome, started = Outcome("storm with kills"), time.monotonic()
    with Storm(site, accounts, form.storm) as storm:
        outcome.kills = kill_among(site, storm, form.kills, patience=form.patience)
    storm.wait_until_told(form.patience)
    _tell_to_nobody(site, accounts, form)
    site.wait_until_idle(form.patience)
    outcome.heard(storm.told())
    _bring_back(site, accounts, form, outcome, storm.told())
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def death_of_the_queues(site: Site, accounts: Sequence[Account], form: Form) -> Outcome:
    """The emulator dies with what it holds, which SQS does not. Acknowledged notifications are gone; their effects are not."""
    outcome, started = Outcome("death of the queues"), time.monotonic()
    with Storm(site, accounts, form.second_storm) as storm:
        before = acknowledged(site)
        third = storm.effects // 3
        wait_until(
            lambda: acknowledged(site) >= before + third and site.queued() > 0,
            seconds=form.patience,
            what="a third of the storm, and work that waits",
            pause=0.05,
        )
        site.kill("emulator")
        outcome.kills = {"emulator": 1}
        site.restart("emulator")
    storm.wait_until_told(form.patience)
    site.wait_until_idle(form.patience)
    outcome.heard(storm.told())
    _bring_back(site, accounts, form, outcome, None)
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def without_the_inbox_key(site: Site, accounts: Sequence[Account], form: Form) -> list[str]:
    """The mutant: what the check for double effects finds once nothing prevents them. The site is spoilt afterwards."""
    site.as_owner("alter table app.inbox_events drop constraint inbox_events_pkey")
    few = accounts[:5]
    with Storm(site, few, Weather(orders=4, changes=0, seconds=0, drop=0)) as storm:
        storm.wait_until_told(form.patience)
    site.wait_until_idle(form.patience)
    for resource in sorted(storm.told().touched):
        seller = next(one.seller_id for one in few if resource in real(site, [one]).states)
        site.sim.ask("POST", "/_sim/notify", {"seller_id": seller, "topic": "orders_v2", "resource": resource})
    wait_until(lambda: waiting(site) == 0, seconds=form.patience, what="the second telling")
    site.wait_until_idle(form.patience)
    return sorted(verdict.applied_twice(site.held()))


def _tell_to_nobody(site: Site, accounts: Sequence[Account], form: Form) -> None:
    """One order of each account is announced eight times to an address where nobody answers: it ends in the missed feeds."""
    app = site.sim.ask("GET", "/_sim/app")["apps"][0]
    site.sim.chaos(retry_scale=0)
    site.sim.ask("PUT", "/_sim/app", {"client_id": app["client_id"], "notifications_url": UNREACHABLE})
    try:
        for account in accounts:
            site.sim.order(account.seller_id)
        wait_until(lambda: waiting(site) == 0, seconds=form.patience, what="giving up on deliveries")
    finally:
        site.sim.ask("PUT", "/_sim/app", {"client_id": app["client_id"], "notifications_url": app["notifications_url"]})
        site.sim.calm()


def _bring_back(site: Site, accounts: Sequence[Account], form: Form, outcome: Outcome, heard: Told | None) -> None:
    """Each way back on its own, in the order in which they come round. `heard`: what must be here before the last two."""
    truth = real(site, accounts)
    left = [len(verdict.missing(site.held(), truth))]
    outcome.missing_before = left[0]

    def then(way: str) -> None:
        wait_until(lambda: site.queued() == 0 and site.syncing() == 0, seconds=form.patience, what=way, pause=0.5)
        now = len(verdict.missing(site.held(), truth))
        outcome.repaired[way] = left.pop() - now
        left.append(now)

    # The scan of items reads no order: what it brings back of them are jobs that were lost between a commit and the queue.
    site.let_time_pass("items")
    site.invoke("sync_dispatcher", {"spread_seconds": 0})
    then("scan and lost jobs")
    lost = verdict.lost(site.held(), truth, heard) if heard else set()
    site.invoke("missed_feeds", {})
    then("missed feeds")
    site.let_time_pass("reconcile")
    site.invoke("sync_dispatcher", {"spread_seconds": 0})
    then("reconciliation")
    held = site.held()
    outcome.lost = sorted(lost | verdict.missing(held, truth))
    outcome.applied_twice = sorted(verdict.applied_twice(held))
    outcome.foreign = sorted(verdict.foreign(held, truth))


def as_row(outcome: Outcome) -> dict[str, object]:
    """Counts in place of lists; the lists' beginnings beside them, where there is anything to see."""
    row = asdict(outcome)
    for name in ("lost", "applied_twice", "foreign"):
        found = row[name]
        row[name] = len(found)
        if found:
            row[f"{name}_first"] = found[:20]
    return row
