"""A tenant's own database, role, secret and signing key, made and taken down together by operations (K09, K11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from painelml.core import secrets
from painelml.core.aws import secrets_manager
from painelml.core.config import config
from painelml.core.crypto import random_token
from painelml.core.db import Session, forget_placements
from painelml.core.migrate import owner_session
from painelml.core.placements import Silo
from painelml.core.silo_database import drop_silo_database, make_silo_database, migrate_silo, silo_for
from painelml.identity import keys


def make_silo(tenant_id: UUID) -> Silo:
    """The whole silo, registered as the tenant's home. Safe to run twice: a second time finds what the first one made."""
    silo = silo_for(tenant_id)
    held = _secret(silo)
    password = held["database"]["password"] if config().database_auth == "password" else None
    make_silo_database(silo, tenant_id, password=password)
    keys.publish_silo(silo.id, held["jwt"])
    with owner_session() as session:
        _register(session, tenant_id, silo)
    forget_placements()
    return silo


def unmake_silo(tenant_id: UUID) -> None:
    """Takes down what make_silo made, or half made. Safe to run twice, and for a tenant that never had one.

    The key goes first, so that nothing it signed is believed any more; the registration last. Its tenant must be gone by then.
    """
    silo = silo_for(tenant_id)
    keys.withdraw_silo(silo.id)
    drop_silo_database(silo)
    _forget_secret(silo)
    with owner_session() as session:
        session.execute("delete from directory.placements where id = %(silo)s and kind = 'silo'", silo=silo.id)
    forget_placements()


def every_silo() -> Iterator[Silo]:
    """All silos, for work that goes through each database. As owner."""
    with owner_session() as session:
        rows = session.rows(
            """
            select id, host, port, database_name, role_name, secret_id
            from directory.placements where kind = 'silo' and is_ready order by id
            """
        )
    yield from (Silo(**row) for row in rows)


def migrate_all() -> dict[str, str]:
    """Each silo's version after its migration, by its id."""
    return {silo.id: migrate_silo(silo) for silo in every_silo()}


def _register(session: Session, tenant_id: UUID, silo: Silo) -> None:
    session.execute(
        "select directory.place_in_silo(%(tenant)s, %(silo)s, %(database_name)s, %(role_name)s, %(secret_id)s)",
        tenant=tenant_id,
        silo=silo.id,
        database_name=silo.database_name,
        role_name=silo.role_name,
        secret_id=silo.secret_id,
    )


def _secret(silo: Silo) -> dict[str, Any]:
    """The silo's secret, made where it is not there yet."""
    client = secrets_manager()
    try:
        made = {"database": {"password": random_token()}, "jwt": keys.signing_keys()}
        client.create_secret(Name=silo.secret_id, SecretString=json.dumps(made))
    except client.exceptions.ResourceExistsException:
        return secrets.secret_document(silo.secret_id)
    return made


def _forget_secret(silo: Silo) -> None:
    """At once and for good: a secret that could be brought back would open an older copy of the database."""
    client = secrets_manager()
    with suppress(client.exceptions.ResourceNotFoundException):
        client.delete_secret(SecretId=silo.secret_id, ForceDeleteWithoutRecovery=True)
    secrets.forget()
