"""Writing the audit log, reading it, and proving that nobody has touched it since."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from painelml.audit import queries
from painelml.audit.models import GENESIS, AuditEntry, AuditEvent, Detail, Verdict, canonical, link
from painelml.core.clock import now
from painelml.core.db import Session, TenantSession
from painelml.core.errors import InvalidRequest
from painelml.core.pages import Page, decode_cursor, page_of

SAFE = re.compile(r"[A-Za-z0-9._:/+-]{0,120}", re.ASCII)
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
MOST_DETAILS = 12
AT_ONCE = 1000


def record(
    session: TenantSession,
    event: AuditEvent,
    *,
    actor: UUID | None = None,
    subject: str = "",
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Enters `event` in the chain of the session's tenant, in the session's transaction.

    The chain's head stays locked until the transaction ends, so call it last. `subject` and `details` hold ids, codes and
    numbers, never names or addresses; raises ValueError for text that could be anything else.
    """
    given = dict(details or {})
    _check_harmless(subject, given)
    queries.append(session, moment=now(), event=event, actor=actor, subject=subject, details=given)


def record_outside(
    session: Session,
    event: AuditEvent,
    *,
    tenant: UUID | None = None,
    actor: UUID | None = None,
    subject: str = "",
    details: Mapping[str, Detail] | None = None,
) -> None:
    """The same from outside any tenant: in the chain of `tenant`, which the session then is in.

    Without one, because it concerns none or none that may be named, in our own tenant's. The statements are the same either
    way, so that the time they take does not tell which it was.
    """
    house = queries.house_tenant(session)
    if (chain := tenant or house) is not None:
        record(session.enter(chain), event, actor=actor, subject=subject, details=details)


def entries(
    session: TenantSession,
    *,
    limit: int,
    cursor: str | None = None,
    event: AuditEvent | None = None,
    actor: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[AuditEntry]:
    """The tenant's entries, newest first."""
    rows = queries.newest(session, below=_below(cursor), event=event, actor=actor, since=since, until=until, limit=limit + 1)
    return page_of([AuditEntry(**row) for row in rows], limit, key=lambda entry: [entry.sequence])


def all_entries(session: TenantSession) -> Iterator[AuditEntry]:
    """The whole chain from its first entry, read a thousand at a time."""
    after = 0
    while rows := queries.oldest(session, after=after, limit=AT_ONCE):
        yield from (AuditEntry(**row) for row in rows)
        after = rows[-1]["sequence"]


def lines(session: TenantSession, *, after: int = 0, limit: int = AT_ONCE) -> list[str]:
    """A stretch of the chain as JSON Lines: each line is what was hashed, with its hash. Anyone can check it without us."""
    found = [AuditEntry(**row) for row in queries.oldest(session, after=after, limit=limit)]
    return [
        json.dumps({**json.loads(canonical(session.tenant_id, entry)), "hash": entry.hash}, sort_keys=True) for entry in found
    ]


def verify(session: TenantSession, *, anchors: Mapping[int, str] | None = None) -> Verdict:
    """Reads the whole chain and compares it with itself, with its registered head, and with `anchors`.

    `anchors` are hashes (hexadecimal) by sequence number that were kept outside the database.
    """
    head = queries.head(session)
    return check_chain(
        session.tenant_id,
        all_entries(session),
        head=(head["sequence"], head["hash"].hex()) if head else (0, GENESIS.hex()),
        anchors=anchors or {},
    )


def check_chain(
    tenant_id: UUID, chain: Iterable[AuditEntry], *, head: tuple[int, str], anchors: Mapping[int, str] | None = None
) -> Verdict:
    """`head` is the sequence number and hash (hexadecimal) that the last entry must have."""
    faults: list[str] = []
    held = dict(anchors or {})
    previous, count = GENESIS, 0
    for count, entry in enumerate(chain, start=1):
        if entry.sequence != count:
            faults.append(f"entry {count} is missing or out of order: {entry.sequence} stands in its place")
            break
        previous = link(previous, tenant_id, entry)
        if previous.hex() != entry.hash:
            faults.append(f"entry {count} or one before it was changed: its hash does not follow")
            break
        if held.pop(count, entry.hash) != entry.hash:
            faults.append(f"entry {count} is not the one that was anchored outside the database")
            break
    else:
        if head != (count, previous.hex()):
            faults.append(f"the chain ends at {count}, and its registered head is {head[0]}")
        faults.extend(f"entry {sequence} was anchored and is gone" for sequence in sorted(held))
    return Verdict(tenant_id=tenant_id, entries=count, head=previous.hex(), faults=faults)


def _check_harmless(subject: str, details: Mapping[str, Detail]) -> None:
    if len(details) > MOST_DETAILS:
        raise ValueError(f"An audit entry takes at most {MOST_DETAILS} details.")
    for name, value in {"subject": subject, **details}.items():
        if not NAME.fullmatch(name):
            raise ValueError("The name of an audit detail is not in snake_case.")
        if isinstance(value, str) and not SAFE.fullmatch(value):
            raise ValueError(f"The audit detail {name!r} is neither an id nor a code; personal data stays out of the log.")
        if not isinstance(value, str | int):
            raise ValueError(f"The audit detail {name!r} is neither text, a whole number nor a truth value.")


def _below(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    sequence = decode_cursor(cursor, 1)[0]
    if not re.fullmatch(r"[0-9]{1,18}", sequence, re.ASCII):
        raise InvalidRequest(errors=[{"field": "cursor", "message": "not a next_cursor of this list"}])
    return int(sequence)
