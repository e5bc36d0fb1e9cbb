"""Acting again on notifications that are stored: by id, topic, time and state, in one tenant or in all."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext, suppress
from datetime import datetime
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.observability import log_tenant, logger
from painelml.core.standing import Act, TenantClosed, acting
from painelml.tenancy.registry import every_tenant
from painelml.webhooks import queries, refetch
from painelml.webhooks.models import ReplayRequest, Wanted

AT_ONCE = 500


def replay(wanted: ReplayRequest) -> dict[str, int]:
    """How many notifications fit, in how many tenants, what they point at, and how many reads were asked for.

    A resource that waits to be read already gets no second job. A dry run asks for none. Raises NotFound or TenantClosed for
    a tenant that is named; among all, those whose state allows no syncs are passed over.
    """
    told = {"tenants": 0, "matched": 0, "resources": 0, "jobs": 0}
    with acting(Act.SYNC):
        for tenant_id in [wanted.tenant] if wanted.tenant else every_tenant():
            log_tenant(tenant_id)
            with nullcontext() if wanted.tenant else suppress(TenantClosed):
                found = _replay_in(tenant_id, wanted)
                told["tenants"] += bool(found["matched"])
                for name, count in found.items():
                    told[name] += count
    logger.info("notifications replayed", extra=told)
    return told


def _replay_in(tenant_id: UUID, wanted: ReplayRequest) -> dict[str, int]:
    found = {"matched": 0, "resources": 0, "jobs": 0}
    after: tuple[datetime, str] | None = None
    while True:
        with tenant_session(tenant_id) as session:
            rows = queries.matching_notifications(session, wanted, after=after, limit=AT_ONCE)
            pointed = {row["resource"]: Wanted(row["resource"], row["account_id"], row["topic"]) for row in rows}
            found["jobs"] += 0 if wanted.dry_run else refetch.queue(session, _ask(session, pointed.values()))
        found["matched"] += len(rows)
        found["resources"] += len(pointed)
        if len(rows) < AT_ONCE:
            return found
        after = rows[-1]["received_at"], rows[-1]["event_key"]


def _ask(session: TenantSession, pointed: Iterable[Wanted]) -> list[Row]:
    wanted = list(pointed)
    return queries.ask_for(session, wanted, moment=now()) if wanted else []
