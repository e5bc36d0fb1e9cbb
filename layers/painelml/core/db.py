"""Transactions, as the rest of the library sees them; core/connections.py keeps what they run on.

Every transaction enters its tenant with its first statement, `select app.enter_tenant(…)`: a stored function, so that RDS
Proxy need not pin the connection. The same round trip brings the tenant's state, and core/standing.py judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, LiteralString
from uuid import UUID

from painelml.core.caller import Caller, known_caller
from painelml.core.connections import (
    CheckViolation,
    Connection,
    ForeignKeyViolation,
    InsufficientPrivilege,
    Row,
    UniqueViolation,
    as_json,
    disconnect,
    transaction,
)
from painelml.core.errors import DatabaseUnavailable, Forbidden, Unauthenticated
from painelml.core.placements import POOL, Silo, placements
from painelml.core.standing import current_act, judge

__all__ = [
    "CheckViolation",
    "ForeignKeyViolation",
    "InsufficientPrivilege",
    "Row",
    "Session",
    "TenantSession",
    "UniqueViolation",
    "as_json",
    "directory_session",
    "disconnect",
    "forget_placements",
    "home_session",
    "is_reachable",
    "placement_of",
    "tenant_session",
]


class Session:
    """One transaction. Statements take bind parameters by name, never values in their text."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, sql: LiteralString, **params: Any) -> list[Row]:
        return self._connection.execute(sql, self._bound(params)).fetchall()

    def one(self, sql: LiteralString, **params: Any) -> Row | None:
        return self._connection.execute(sql, self._bound(params)).fetchone()

    def value(self, sql: LiteralString, **params: Any) -> Any:
        """The first column of the only row, or None where there is no row."""
        row = self.one(sql, **params)
        return None if row is None else next(iter(row.values()))

    def execute(self, sql: LiteralString, **params: Any) -> int:
        """How many rows the statement touched."""
        return self._connection.execute(sql, self._bound(params)).rowcount

    def enter(self, tenant_id: UUID) -> TenantSession:
        """The same transaction, inside the tenant that the directory has named; the database refuses a second one."""
        self.execute("select app.enter_tenant(%(entered)s)", entered=tenant_id)
        return TenantSession(self._connection, tenant_id)

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """Undoes only what is inside when something inside raises."""
        with self._connection.transaction():
            yield

    def _bound(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return params


class TenantSession(Session):
    """A transaction inside one tenant. `tenant_id` is bound in every statement as `%(tenant_id)s`.

    `home` is the same tenant in the pool's database, where the directory is and its functions see something. For a tenant of
    the pool that is this session; for one in a silo it is a second transaction, which is committed after this one.
    """

    def __init__(self, connection: Connection, tenant_id: UUID, open_home: Callable[[], TenantSession] | None = None) -> None:
        super().__init__(connection)
        self.tenant_id = tenant_id
        self._open_home = open_home
        self._home: TenantSession | None = None

    @property
    def home(self) -> TenantSession:
        if self._open_home is None:
            return self
        if self._home is None:
            self._home = self._open_home()
        return self._home

    def _bound(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**params, "tenant_id": self.tenant_id}


@contextmanager
def tenant_session(tenant_id: UUID) -> Iterator[TenantSession]:
    """A transaction in `tenant_id`, where it lives: committed at the end of the block, undone if it raises.

    Raises DatabaseUnavailable when PostgreSQL cannot be reached, or is lost before the commit is confirmed; TenantClosed,
    SessionRevoked or NotFound when the tenant's state does not allow what is being done (core/standing.py).
    """
    silo = _silo_of(tenant_id)
    with ExitStack() as homes:
        if silo is None:
            yield homes.enter_context(home_session(tenant_id))
            return

        def open_home() -> TenantSession:
            return homes.enter_context(home_session(tenant_id))

        home = open_home() if current_act() else None  # the state is kept at home, so it is judged there
        with transaction("select app.enter_tenant(%s)", [tenant_id], silo) as connection:
            session = TenantSession(connection, tenant_id, (lambda: home) if home else open_home)
            yield session


@contextmanager
def home_session(tenant_id: UUID) -> Iterator[TenantSession]:
    """A transaction in `tenant_id` where the directory is, for what only its functions know; judged as tenant_session is."""
    act, caller = current_act(), known_caller()
    if act is None:
        with transaction("select app.enter_tenant(%s)", [tenant_id]) as connection:
            yield TenantSession(connection, tenant_id)
        return
    own = caller if caller and caller.tenant_id == tenant_id else None
    sql: LiteralString = "select app.enter_tenant(%s), app.standing(%s) as standing, (select id from app.silo_of(%s)) as silo"
    params: list[Any] = [tenant_id, own.session_id if own else None, tenant_id]
    if caller and caller.visiting:
        sql = "select app.enter_tenant(%s), app.visitor_standing(%s, %s) as standing"
        params[2] = caller.user_id
    first: list[Row] = []
    try:
        with transaction(sql, params, rows=first) as connection:
            if own and own.placement and not own.visiting and own.placement != (first[-1]["silo"] or POOL):
                raise Unauthenticated  # signed by a key that does not speak for where the tenant lives
            judge(first[-1]["standing"], act, visiting=bool(caller and caller.visiting))
            yield TenantSession(connection, tenant_id)
    except InsufficientPrivilege as error:
        if not first:
            raise Forbidden from error
        raise


def placement_of(tenant_id: UUID) -> str:
    """The id of the database that the tenant's rows are in, for its tokens to carry."""
    silo = placements.of(tenant_id, _registered)
    return silo.id if silo else POOL


def forget_placements() -> None:
    """Lets the registry be read anew: after a tenant has been placed, and between tests."""
    placements.forget()


def _silo_of(tenant_id: UUID) -> Silo | None:
    caller: Caller | None = known_caller()
    if caller and caller.tenant_id == tenant_id and caller.placement == POOL:
        return None
    silo = placements.of(tenant_id, _registered)
    if silo and caller and caller.tenant_id == tenant_id and caller.placement != silo.id and not caller.visiting:
        raise Unauthenticated  # signed with the pool's key, which opens no silo
    return silo


def _registered(tenant_id: UUID) -> Row | None:
    with directory_session() as session:
        return session.one("select * from app.silo_of(%(tenant)s)", tenant=tenant_id)


@contextmanager
def directory_session() -> Iterator[Session]:
    """A transaction before a tenant is known: it sees no tenant's rows and reaches only the allow-listed functions."""
    with transaction("select 1", []) as connection:
        yield Session(connection)


def is_reachable() -> bool:
    """Whether PostgreSQL answers, for /ready."""
    try:
        with directory_session():
            return True
    except DatabaseUnavailable:
        return False
