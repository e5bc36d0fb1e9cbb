"""Notifications: what is announced, to whom, in which body, on which schedule."""

import asyncio
import dataclasses
import heapq
import json
import random
import ssl
import time
import uuid
from typing import Any

import httpx

from .clock import DAY, MINUTE, SECOND
from .model import Application, Delivery, MissedFeed, Notification
from .pointer import pointer
from .state import World

# Mercado Livre documents eight attempts in about one hour at growing intervals and keeps the exact schedule to itself:
# these waits before each further attempt add up to sixty minutes.
RETRY_WAITS = tuple(minutes * MINUTE for minutes in (1, 2, 4, 7, 11, 15, 20))
MISSED_LIFE = 2 * DAY
CONCURRENCY = 64
COMMIT_EVERY = 100
BODY_KEPT = 2_000
STRANGE_TOPIC = "marketplace_novelties"


def _lane(tls: ssl.SSLContext, address: str | None = None) -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    return httpx.AsyncHTTPTransport(verify=tls, limits=limits, local_address=address)


class Outbox:
    """Sends what is due, many at a time but never more than `CONCURRENCY`, and remembers every attempt."""

    def __init__(self, world: World, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._world = world
        # Bare transports, not a client: no redirects, no cookies, a third of the work. One connection each, because a
        # shared pool looks through all its connections for every request, which alone would cost the 500 ms.
        tls = ssl.create_default_context()
        self._lanes = [transport or _lane(tls) for _ in range(CONCURRENCY)]
        self._dice = random.Random(world.seed)  # noqa: S311 - reproducible chaos, not a secret
        self._heap: list[tuple[int, int, Notification]] = []
        self._pushed = 0
        self._ended = 0
        self._in_flight: set[asyncio.Task[None]] = set()
        self._failures: dict[tuple[str, str], int] = {}
        self._changed = asyncio.Event()
        self._slots = asyncio.Semaphore(CONCURRENCY)
        for notification in world.pending.values():
            self._push(notification)

    # Announcing

    def announce(
        self, seller_id: int, topic: str, resource: str, after_ms: int = 0, actions: tuple[str, ...] = ()
    ) -> list[str]:
        """Queue what a change sends to each application that may hear of it; the ids of the notifications queued.

        `actions` makes it a typified one: its key is `id`, and the resource may be a bare id.
        """
        chaos = self._world.chaos
        if not chaos.send_notifications:
            return []
        queued = []
        for app in self._world.apps.values():
            if not app.notifications_url or topic not in app.topics or topic in app.disabled_topics:
                continue
            if not chaos.notify_without_grant and (app.client_id, seller_id) not in self._world.grants:
                continue
            notification = self._new(app, seller_id, topic, resource, after_ms)
            notification.actions = list(actions)
            queued += self._queue(app, notification)
        return queued

    def _queue(self, app: Application, notification: Notification) -> list[str]:
        chaos, roll = self._world.chaos, self._dice.random
        if roll() < chaos.drop:
            self._world.record_delivery(notification, "dropped")
            return []
        again = dataclasses.replace(notification, id=str(uuid.uuid4()))
        if roll() < chaos.reorder:
            notification.due_ms += self._dice.randrange(chaos.reorder_window_ms + 1)
        self._enqueue(notification)
        queued = [notification.id]
        copies = int(chaos.duplicates) + (roll() < chaos.duplicates % 1)
        for _ in range(copies):
            # The same id and its own retries: as far as the receiver can tell, one notification sent twice.
            self._push(dataclasses.replace(notification))
        if roll() < chaos.noop:
            queued.append(self._enqueue(again))
        if roll() < chaos.unknown_topic:
            strange = self._new(app, notification.user_id, STRANGE_TOPIC, "/novelties/1", 0)
            strange.due_ms = again.due_ms
            queued.append(self._enqueue(strange))
        return queued

    def _new(self, app: Application, seller_id: int, topic: str, resource: str, after_ms: int) -> Notification:
        now = self._world.clock.now_ms()
        due = now + self._world.chaos.delay_ms + after_ms
        return Notification(str(uuid.uuid4()), app.client_id, seller_id, topic, resource, received_ms=now, due_ms=due)

    def _enqueue(self, notification: Notification) -> str:
        self._world.save_notification(notification)
        self._push(notification)
        return notification.id

    def _push(self, notification: Notification) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (notification.due_ms, self._pushed, notification))
        self._changed.set()

    def body(self, notification: Notification) -> dict[str, Any]:
        """The pointer that is posted."""
        return pointer(self._world.chaos, self._world.apps[notification.client_id], notification)

    # Sending

    @property
    def waiting(self) -> int:
        """Attempts not finished yet: queued for now or later, or in flight."""
        return len(self._heap) + len(self._in_flight)

    def wake(self) -> None:
        """Look again at what is due: the clock was moved, or a wait changed."""
        self._changed.set()

    def clear(self) -> None:
        """Forget what is queued and break off what is in flight."""
        self._heap.clear()
        for task in self._in_flight:
            task.cancel()
        self._failures.clear()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._changed.clear()
                wait = await self._send_due()
                try:
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                except TimeoutError:
                    continue
        finally:
            for task in self._in_flight:
                task.cancel()
            await asyncio.gather(*self._in_flight, return_exceptions=True)
            for lane in self._lanes:
                await lane.aclose()

    async def _send_due(self) -> float | None:
        """Start every attempt that is due; the seconds until the next one, or None when there is none."""
        while self._heap:
            wait = self._heap[0][0] - self._world.clock.now_ms()
            if wait > 0:
                return wait / SECOND
            await self._slots.acquire()
            if not self._heap:
                self._slots.release()
                break
            notification = heapq.heappop(self._heap)[2]
            task = asyncio.create_task(self._attempt(notification))
            self._in_flight.add(task)
            task.add_done_callback(self._attempt_ended)
        return None

    def _attempt_ended(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._slots.release()
        self._ended += 1
        if not self._in_flight or self._ended % COMMIT_EVERY == 0:
            self._world.store.commit()
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _attempt(self, notification: Notification) -> None:
        world = self._world
        app = world.apps.get(notification.client_id)
        if app is None or not app.notifications_url or notification.topic in app.disabled_topics:
            # What a disabled topic misses is stored nowhere.
            world.record_delivery(notification, "discarded")
            world.finish_notification(notification)
            return
        notification.attempts += 1
        notification.sent_ms = world.clock.now_ms()
        if world.chaos.new_id_per_attempt and notification.attempts > 1:
            world.finish_notification(notification)
            notification.id = str(uuid.uuid4())
        delivery, text = await self._post(notification, app.notifications_url, self.body(notification))
        key = (app.client_id, notification.topic)
        if delivery.outcome == "delivered":
            self._failures.pop(key, None)
            world.finish_notification(notification)
            return
        self._failures[key] = self._failures.get(key, 0) + 1
        self._retry_or_miss(notification, app, delivery, text)
        limit = world.chaos.topic_disable_after
        if limit is not None and self._failures[key] >= limit and notification.topic not in app.disabled_topics:
            app.disabled_topics.append(notification.topic)
            world.save_app(app)

    def _retry_or_miss(self, notification: Notification, app: Application, delivery: Delivery, text: str) -> None:
        world = self._world
        if notification.attempts <= len(RETRY_WAITS):
            wait = RETRY_WAITS[notification.attempts - 1] * world.chaos.retry_scale
            notification.due_ms = world.clock.now_ms() + round(wait)
            self._enqueue(notification)
            return
        world.finish_notification(notification)
        missed = MissedFeed(
            notification,
            missed_ms=world.clock.now_ms(),
            url=app.notifications_url or "",
            data=json.dumps(self.body(notification), separators=(",", ":")),
            req_time=round(delivery.ack_ms or 0),
            http_code=delivery.status or 0,
            body=text,
        )
        world.save_missed(missed)
        world.prune_missed(MISSED_LIFE)

    async def forge(
        self, url: str, body: Any, headers: dict[str, str], notification: Notification, address: str | None = None
    ) -> Delivery:
        """Post any body at once and once, as an impostor would; `address` is one of this machine's to send it from."""
        lane = _lane(ssl.create_default_context(), address) if address is not None else None
        async with self._slots:
            delivery, _ = await self._post(notification, url, body, headers, forged=True, lane=lane)
        if lane is not None:
            await lane.aclose()
        return delivery

    async def _post(
        self,
        notification: Notification,
        url: str,
        body: Any,
        headers: dict[str, str] | None = None,
        *,
        forged: bool = False,
        lane: httpx.AsyncBaseTransport | None = None,
    ) -> tuple[Delivery, str]:
        content = body.encode() if isinstance(body, str) else json.dumps(body, separators=(",", ":")).encode()
        request = httpx.Request("POST", url, content=content, headers={"content-type": "application/json"} | (headers or {}))
        status, text, outcome = None, "", "unreachable"
        chaos, own = self._world.chaos, self._lanes.pop()
        started = time.perf_counter()
        try:
            async with asyncio.timeout(chaos.deadline_ms / SECOND):
                if chaos.delivery_latency_ms:
                    await asyncio.sleep(chaos.delivery_latency_ms / SECOND)
                response = await (lane or own).handle_async_request(request)
                text = (await response.aread())[:BODY_KEPT].decode("utf-8", "replace")
                await response.aclose()
            status = response.status_code
            taken = status == 200 or (chaos.accept_any_2xx and 200 <= status < 300)
            outcome = "delivered" if taken else "refused"
        except TimeoutError:
            outcome = "timeout"
        except httpx.TransportError as error:
            text = str(error)
        finally:
            self._lanes.append(own)
        ack_ms = round((time.perf_counter() - started) * SECOND, 3)
        outcome = f"forged_{outcome}" if forged else outcome
        return self._world.record_delivery(notification, outcome, status=status, ack_ms=ack_ms), text
