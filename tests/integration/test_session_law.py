"""The law of refresh tokens: whatever is shown, by whom, when and how often, a family has at most one live token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painelml.core import db
from painelml.identity import sessions
from painelml.identity.errors import SessionOver
from painelml.identity.models import Client
from tests.people import Person, sign_up
from tests.servers import Database

OWNER, THIEF = Client(address="127.0.0.1", agent="painel-tests"), Client(address="203.0.113.9", agent="x")


def live(database: Database, person: Person) -> int:
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute(
            "select count(*) from directory.sessions where family_id = %s and rotated_at is null and revoked_at is null",
            [person.caller.session_id],
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.req("A047", "A052", "K11")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shown=st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from([OWNER, THIEF]), st.sampled_from([0, 1, 9, 11, 3600])),
        min_size=1,
        max_size=12,
    )
)
def test_a_family_has_at_most_one_live_token(platform: Database, shown: list[tuple[int, Client, int]]) -> None:
    person = sign_up()
    known, over = [person.refresh_token], False
    moment = datetime.now(UTC)
    for which, client, seconds in shown:
        moment += timedelta(seconds=seconds)
        with patch("painelml.identity.sessions.now", lambda at=moment: at):
            try:
                given_token = sessions.refresh(known[which % len(known)], client).refresh_token
            except SessionOver:
                over = True
                assert live(platform, person) == 0
            else:
                assert not over, "a revoked family came back"
                assert live(platform, person) == 1
                assert given_token is not None
                if given_token not in known:
                    known.append(given_token)


@pytest.mark.req("A052", "K11")
def test_the_same_token_from_many_threads_has_one_successor(platform: Database) -> None:
    person = sign_up()

    def show(_: int) -> str | None:
        try:
            return sessions.refresh(person.refresh_token, OWNER).refresh_token
        finally:
            db.disconnect()

    with ThreadPoolExecutor(8) as pool:
        successors = set(pool.map(show, range(16)))

    assert len(successors) == 1
    assert live(platform, person) == 1


@pytest.mark.req("A052", "K11")
def test_a_replay_beside_a_rotation_leaves_nothing_alive(platform: Database) -> None:
    """A thief's replay revokes while the owner trades: in whatever order they meet, no token outlives the revocation."""
    for _ in range(8):
        person = sign_up()
        successor = sessions.refresh(person.refresh_token, OWNER).refresh_token
        assert successor is not None

        def show(pair: tuple[str, Client]) -> None:
            try:
                sessions.refresh(*pair)
            except SessionOver:
                pass
            finally:
                db.disconnect()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(show, [(successor, OWNER), (person.refresh_token, THIEF)]))

        assert live(platform, person) == 0
