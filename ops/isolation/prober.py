"""The attacker: every route, every parameter that bears an id, with ids and tokens of two tenants swapped (L2)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests

from ops.errors import OperationError
from ops.isolation import tenants
from ops.isolation.document import Document, Operation, random_id
from ops.isolation.tenants import SHARED, Tenant

MALFORMED = (
    "x",
    "0",
    "-1",
    "'; drop table app.orders; --",
    "%00",
    "a" * 300,
    "../tenant",
    "00000000-0000-0000-0000-000000000000",
)
GARBAGE = "x" * 40
TRIES, LONGEST_WAIT_SECONDS = 5, 65


@dataclass(slots=True)
class Findings:
    """What an attack came to. `violations` are sentences; `unresolved` names parameters without a foreign id to try."""

    routes: int = 0
    probes: int = 0
    foreign_bytes: int = 0
    searched: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """As they stand: the difference between two such counts is what came between them."""
        return {"probes": self.probes, "foreign_bytes": self.foreign_bytes, "violations": len(self.violations)}

    def search(self, where: str, text: str, canaries: Iterable[str]) -> None:
        """Counts one text that must hold none of `canaries`, and what of them it holds."""
        kind = where.split(" ", maxsplit=1)[0]
        self.searched[kind] = self.searched.get(kind, 0) + 1
        for canary in canaries:
            if canary in text:
                self.foreign_bytes += text.count(canary) * len(canary)
                self.violations.append(f"{where}: holds {canary!r} of the other tenant")


@dataclass(frozen=True, slots=True)
class Probe:
    """One request. `attack` says what is wrong with it, `statuses` what may be answered."""

    operation: Operation
    attack: str
    path: str
    token: str | None
    body: Any
    statuses: tuple[int, ...]
    sent: tuple[str, ...]


@dataclass(slots=True)
class Attack:
    """`attacker` against `victim`; both keep working shops. Nothing that is asked may have an effect.

    `brief` leaves out what has nothing of the victim's in it: malformed ids, missing tokens.
    """

    document: Document
    attacker: Tenant
    victim: Tenant
    findings: Findings
    brief: bool = False

    def run(self) -> None:
        """Every probe, then the proof that the victim's data are as they were."""
        for tenant in (self.attacker, self.victim):
            tenant.renew()
        before = tenants.state(self.victim, self.document)
        guarded = [operation for operation in self.document.operations if not operation.is_public]
        self.findings.routes = len(self.document.operations)
        self._controls(guarded)
        for operation in guarded:
            for probe in self._probes(operation):
                self._judge(probe)
            self._same_as_nothing(operation)
        after = tenants.state(self.victim, self.document)
        for key, row in before.items():
            if after.get(key) != row:
                self.findings.violations.append(f"{key} of the victim was changed by the attack")

    def _controls(self, guarded: list[Operation]) -> None:
        """The victim finds its own things, or a typo would make every probe pass for nothing."""
        for operation in guarded:
            if operation.method != "GET" or not operation.path_ids or operation.is_platform:
                continue
            if tenants.UNLISTED.keys() & set(operation.path_ids):
                continue
            ids = self.victim.ids(operation)
            if ids is None:
                continue
            answer = self._send("GET", operation.at(ids), self.victim.seller.token, None)
            if not answer.ok:
                self.findings.violations.append(f"{operation.name}: its owner is answered {answer.status_code}")

    def _probes(self, operation: Operation) -> Iterator[Probe]:
        mine, theirs = self.attacker.ids(operation), self.victim.ids(operation)
        if mine is None or theirs is None:
            self.findings.unresolved.append(operation.name)
            mine = theirs = {name: str(uuid4()) for name in operation.path_ids}
        body = self.document.sample(operation.body) if operation.body else None
        token = self.attacker.seller.token
        gone = (403,) if operation.is_platform else (404,)

        def probe(attack: str, ids: dict[str, str], who: str | None, statuses: tuple[int, ...], *sent: str) -> Probe:
            return Probe(operation, attack, operation.at(ids), who, body, statuses, (*ids.values(), *sent))

        if not self.brief:
            yield probe("without a token", theirs, None, (401,))
            yield probe("with a token that is none", theirs, GARBAGE, (401,))
        if operation.path_ids:
            yield probe("foreign id", theirs, token, gone)
            for name in operation.path_ids if len(operation.path_ids) > 1 else ():
                yield probe(f"own ids but a foreign {name}", mine | {name: theirs[name]}, token, gone)
            yield probe("random id", {name: random_id(held) for name, held in theirs.items()}, token, gone)
            for name in () if self.brief else operation.path_ids:
                for text in MALFORMED:
                    bad = mine | {name: quote(text, safe="%" if text.startswith("%") else "")}
                    yield probe(f"malformed {name}", bad, token, (400, 403, 404))
        elif operation.method == "GET":
            yield probe("own list", {}, token, (403,) if operation.is_platform else (200, 400, 403, 404))
        yield from self._of_queries(operation, mine, token)
        yield from self._of_bodies(operation, mine, token)

    def _of_queries(self, operation: Operation, ids: dict[str, str], token: str) -> Iterator[Probe]:
        for name in operation.query_ids:
            foreign = self.victim.cursors.get(operation.path) if name == "cursor" else self._foreign(name)
            malformed = [] if self.brief else [("malformed", "%00"), ("malformed", GARBAGE)]
            for attack, value in [("foreign", foreign), *malformed]:
                if value is not None:
                    path = f"{operation.at(ids)}?{name}={value}"
                    statuses = (403,) if operation.is_platform else (200, 400, 404)
                    yield Probe(operation, f"{attack} {name} in the query", path, token, None, statuses, (value,))

    def _of_bodies(self, operation: Operation, ids: dict[str, str], token: str) -> Iterator[Probe]:
        for place in operation.body_ids:
            foreign = self._foreign(place[-1])
            if foreign is None or operation.body is None or operation.path_ids:
                continue
            body = _with(self.document.sample(operation.body), place, foreign)
            yield Probe(
                operation, f"foreign {'.'.join(place)}", operation.at(ids), token, body, (400, 403, 404, 409, 422), (foreign,)
            )

    def _foreign(self, name: str) -> str | None:
        if name in SHARED:
            return None
        known = {"tenant_id": self.victim.tenant_id, "user_id": self.victim.user_id}
        return known.get(name) or self.victim.named(name)

    def _judge(self, probe: Probe) -> None:
        answer = self._send(probe.operation.method, probe.path, probe.token, probe.body)
        self.findings.probes += 1
        name = f"{probe.operation.name}, {probe.attack} ({self.attacker.name} against {self.victim.name})"
        if answer.status_code not in probe.statuses:
            wanted = " or ".join(map(str, probe.statuses))
            self.findings.violations.append(f"{name}: answered {answer.status_code}, not {wanted}")
        sent = {text for text in probe.sent if text}
        canaries = [text for text in tenants.unshared(self.victim, self.attacker) if not any(text in one for one in sent)]
        self.findings.search(f"response to {name}", f"{answer.headers}{answer.text}", canaries)
        if answer.status_code == 200 and probe.attack.startswith("foreign") and "cursor" not in probe.attack:
            told = answer.json()
            if told.get("data"):
                self.findings.violations.append(f"{name}: rows came back")

    def _same_as_nothing(self, operation: Operation) -> None:
        """What exists elsewhere and what exists nowhere are answered alike, or the difference tells which ids are taken."""
        theirs = self.victim.ids(operation)
        if not operation.path_ids or theirs is None:
            return
        body = self.document.sample(operation.body) if operation.body else None
        told = []
        for ids in (theirs, {name: random_id(held) for name, held in theirs.items()}):
            answer = self._send(operation.method, operation.at(ids), self.attacker.seller.token, body)
            self.findings.probes += 1
            told.append((answer.status_code, _problem(answer), sorted(answer.headers)))
        if told[0] != told[1]:
            self.findings.violations.append(f"{operation.name}: a foreign id is answered otherwise than one that nothing has")

    def _send(self, method: str, path: str, token: str | None, body: Any) -> requests.Response:
        """The answer; a throttled one is asked again after the time that it names."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for _ in range(TRIES):
            answer = requests.request(
                method,
                self.attacker.seller.endpoints["api_url"] + path,
                json=body,
                headers=headers,
                timeout=60,
                allow_redirects=False,
            )
            pause = int(answer.headers.get("retry-after", "0") or 0)
            if answer.status_code != 429 or pause > LONGEST_WAIT_SECONDS:
                break
            time.sleep(pause + 0.1)
        if answer.status_code == 429:
            raise OperationError(
                f"The proof of isolation was throttled at {method} {path}.",
                why="The plan of its tenants allows fewer calls than there are probes.",
                do="Run it against a fresh system, or wait a quarter of an hour.",
            )
        return answer


def _with(body: Any, place: tuple[str, ...], value: str) -> Any:
    """`body` with `value` at `place`."""
    if not isinstance(body, dict):
        body = {}
    head, *rest = place
    held = body.get(head)
    plain = [value] if isinstance(held, list) or head.endswith("_ids") else value
    return body | {head: _with(held, tuple(rest), value) if rest else plain}


def _problem(answer: requests.Response) -> Any:
    """The stable part of a problem document."""
    if "json" not in answer.headers.get("content-type", ""):
        return answer.text
    told = answer.json()
    return {name: told.get(name) for name in ("type", "title", "status", "detail", "code")} if isinstance(told, dict) else told
