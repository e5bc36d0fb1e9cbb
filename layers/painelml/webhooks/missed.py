"""The sweep of missed feeds: deliveries that never got a 200, kept by Mercado Livre for two days.

They take the same way as a notification, so what was handled after all is found stored already and changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import directory_session, tenant_session
from painelml.core.errors import NotFound
from painelml.core.observability import logger
from painelml.marketplace.accounts import routes
from painelml.marketplace.accounts.routes import Route
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api import client
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused, MarketplaceBusy, ReconnectRequired
from painelml.marketplace.resources import TOPICS
from painelml.webhooks.parse import Notification, read_notification
from painelml.webhooks.service import Named, accept

PAGE = 10
PAGES = 200  # of one topic and site in one sweep that lead to anything; what is left comes with the next
READ = 2000  # pages read at most: the function has five minutes


def sweep() -> int:
    """Every topic that has an effect, for every site with a connected account; how many refetches were asked for."""
    with directory_session() as directory:
        readers = routes.feed_readers(directory)
    return sum(_sweep(topic, site_id, accounts) for site_id, accounts in readers.items() for topic in TOPICS)


def _sweep(topic: str, site_id: str, accounts: list[Route]) -> int:
    """Asks with the first account whose token works: any seller that granted our application may."""
    for route in accounts:
        try:
            with tenant_session(route.tenant_id) as session:
                api = SellerApi(connected_account(session, route.account_id))
            return _worked_off(_pages(api, topic, site_id))
        except (CallRefused, ReconnectRequired, NotFound) as refused:
            logger.warning("missed feeds refused", extra={"topic": topic, "site_id": site_id, "reason": refused.code})
        except MarketplaceBusy as busy:
            logger.warning("missed feeds put off", extra={"topic": topic, "site_id": site_id, "reason": busy.reason})
            break
    return 0


def _worked_off(pages: Iterator[list[Any]]) -> int:
    """The feed keeps all for two days: pages of what is known do not count, or no sweep would get past the first ones."""
    asked = working = 0
    for page in pages:
        found = _take_in(page)
        asked, working = asked + found, working + bool(found)
        if working == PAGES:
            break
    return asked


def _pages(api: SellerApi, topic: str, site_id: str) -> Iterator[list[Any]]:
    for number in range(READ):
        answer = api.get(
            "/missed_feeds",
            app_id=client.application_id(),
            topic=topic,
            site_id=site_id,
            offset=number * PAGE,
            limit=PAGE,
        )
        messages = answer.document.get("messages") or []
        yield messages
        if len(messages) < PAGE:
            return


def _take_in(messages: list[Any]) -> int:
    ours = client.application_id()
    read = (read_notification(message, application_id=ours, received_at=now()) for message in messages)
    missed = [notification for notification in read if isinstance(notification, Notification)]
    with directory_session() as directory:
        found = routes.find(directory, (notification.seller_id for notification in missed))
    by_tenant: dict[UUID, list[Named]] = defaultdict(list)
    for notification in missed:
        if route := found.get(notification.seller_id):
            by_tenant[route.tenant_id].append((route.account_id, notification))
    return sum(accept(tenant_id, named) for tenant_id, named in by_tenant.items())
