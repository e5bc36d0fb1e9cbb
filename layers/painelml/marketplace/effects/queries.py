"""All SQL of the inbox and the outbox."""

from __future__ import annotations

import json
from collections.abc import Sequence

from painelml.core.db import TenantSession
from painelml.core.ids import uuid7
from painelml.marketplace.effects.models import SOURCE, Effect


def enter_inbox(session: TenantSession, event_keys: Sequence[str]) -> set[str]:
    """Those that this tenant sees for the first time. The primary key decides, and holds a second until the first commits."""
    # No conflict target: without the key every insert succeeds, and a test that takes the key away sees the effect twice.
    rows = session.rows(
        """
        insert into app.inbox_events (tenant_id, source, event_key)
        select %(tenant_id)s, %(source)s, event_key from unnest(%(event_keys)s::text[]) as fresh (event_key) order by event_key
        on conflict do nothing
        returning event_key
        """,
        source=SOURCE,
        event_keys=event_keys,
    )
    return {row["event_key"] for row in rows}


def put_in_outbox(session: TenantSession, events: Sequence[Effect]) -> None:
    session.execute(
        """
        insert into app.outbox_events (tenant_id, id, kind, resource, version, payload)
        select %(tenant_id)s, id, kind, resource, version, payload
        from unnest(%(ids)s::uuid[], %(kinds)s::text[], %(resources)s::text[], %(versions)s::text[], %(payloads)s::jsonb[])
            as fresh (id, kind, resource, version, payload)
        """,
        ids=[uuid7() for _ in events],
        kinds=[event.kind for event in events],
        resources=[event.resource for event in events],
        versions=[event.version for event in events],
        payloads=[json.dumps(event.payload) for event in events],
    )
