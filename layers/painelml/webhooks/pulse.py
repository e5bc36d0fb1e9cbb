"""Whether topics still speak. Mercado Livre switches one off after repeated failures, and stores nothing of that time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from painelml.core import metrics
from painelml.core.clock import now
from painelml.core.db import Session, directory_session
from painelml.core.observability import logger
from painelml.marketplace.resources import TOPICS
from painelml.webhooks import queries

SILENCE = {
    "orders_v2": timedelta(hours=6),
    "items": timedelta(hours=6),
    "shipments": timedelta(hours=6),
    "payments": timedelta(hours=12),
    "questions": timedelta(hours=12),
    "messages": timedelta(hours=24),
}
"""How long a topic may say nothing, by what sellers of every size do in a day and a night."""
RARE = timedelta(hours=72)
FORGOTTEN = timedelta(days=14)  # a topic that nobody mended for so long was given up on purpose


def hear(session: Session, topics: Iterable[str]) -> None:
    """Notes that these topics speak, in the transaction of whoever heard them."""
    heard = sorted({topic for topic in topics if topic in TOPICS})
    if heard:
        queries.hear_topics(session, heard, moment=now())


def silent(moment: datetime) -> list[str]:
    """The topics that spoke before and have been silent for longer than they may."""
    with directory_session() as session:
        pulse = queries.topic_pulse(session)
    return [
        row["topic"]
        for row in pulse
        if SILENCE.get(row["topic"], RARE) < moment - row["heard_at"] < FORGOTTEN and row["topic"] in TOPICS
    ]


def report() -> list[str]:
    """Counts the silent topics as the metric that an alarm watches, and names them in a log line."""
    found = silent(now())
    metrics.count("TopicsSilent", len(found))
    if found:
        logger.warning("topics are silent", extra={"topics": found})
    return found
