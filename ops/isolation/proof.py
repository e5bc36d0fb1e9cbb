"""The whole proof of isolation, in one order, with one result: what `painel isolation report` and the tests run."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import psycopg

from ops import endpoints, postgres
from ops.aws import LocalAws
from ops.home import REPOSITORY, Home
from ops.isolation import interleaved, mutants, openings, tenants
from ops.isolation.document import Document
from ops.isolation.forgeries import Forger, SigningKeys
from ops.isolation.mutants import MutationScore
from ops.isolation.prober import Attack, Findings
from ops.isolation.scratch import scratch_database
from ops.isolation.tenants import Tenant
from ops.isolation.traces import Traces
from ops.openapi import DOCUMENT

LONG, SHORT = 100_000, 5_000
JWT_SECRET, SILO_SECRETS = "/painelml/local/jwt", "/painelml/local/silos"
PLACES = {"A": openings.POOL, "B": openings.POOL, "C": openings.SILO, "D": openings.SILO}
# Who attacks whom: pool and pool, pool and silo, silo and pool, silo and silo.
CROSSINGS_SHORT = (("A", "B"), ("A", "C"), ("C", "A"), ("C", "D"))
CROSSINGS = (*CROSSINGS_SHORT, ("B", "A"), ("D", "C"))
Count = dict[str, int]
Step = Callable[[str], AbstractContextManager[Any]]


@dataclass(slots=True)
class Proof:
    """Numbers, and everything that was found against isolation; sound where `problems` is empty."""

    commit: str
    short: bool
    seconds: float = 0.0
    findings: Findings = field(default_factory=Findings)
    crossings: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    interleaved_transactions: int = 0
    interleaved_per_second: float = 0.0
    violations: list[str] = field(default_factory=list)
    tenant_tables: int = 0
    mutants: int = 0
    mutants_caught: int = 0
    survivors: list[str] = field(default_factory=list)
    kinds: dict[str, Count] = field(default_factory=dict)
    audit_checks: int = 0
    audit_findings: list[str] = field(default_factory=list)
    wire: dict[str, Any] | None = None

    @property
    def problems(self) -> list[str]:
        """Every sentence that speaks against isolation."""
        return [
            *self.findings.violations,
            *(f"{name}: no foreign id to try; list it, or teach ops/isolation/tenants.py" for name in self.findings.unresolved),
            *self.violations,
            *(f"mutant survived: {name}" for name in self.survivors),
            *(f"audit: {finding}" for finding in self.audit_findings),
            *(f"pins an RDS Proxy connection: {sent}" for sent in (self.wire or {}).get("pinning", [])),
        ]

    def as_json(self) -> dict[str, Any]:
        """The content of isolation.json. `pinning_statements` is null where the wire guard has not run on this commit."""
        return {
            "holds": not self.problems,
            "routes": self.findings.routes,
            "probes": self.findings.probes,
            "foreign_bytes": self.findings.foreign_bytes,
            "crossings": self.crossings,
            "searched": self.findings.searched,
            "tokens_refused": self.tokens,
            "interleaved_transactions": self.interleaved_transactions,
            "interleaved_per_second": round(self.interleaved_per_second),
            "violations": len(self.findings.violations) + len(self.findings.unresolved) + len(self.violations),
            "tenant_tables": self.tenant_tables,
            "mutants": self.mutants,
            "mutants_caught": self.mutants_caught,
            "mutants_by_kind": self.kinds,
            "audit_checks": self.audit_checks,
            "audit_findings": len(self.audit_findings),
            "pinning_statements": len(self.wire["pinning"]) if self.wire else None,
            "wire_statements": self.wire["statements"] if self.wire else None,
            "problems": self.problems,
            "form": "short" if self.short else "long",
            "commit": self.commit,
            "seconds": round(self.seconds, 1),
        }


def prove(home: Home, *, short: bool, step: Step = lambda _: nullcontext()) -> Proof:
    """Runs against the environment of `home` and a scratch database on its server. Raises OperationError, SellerFailure."""
    began = time.monotonic()
    proof = Proof(commit=commit(), short=short)
    urls = postgres.urls(home)
    with step("The catalogue audit of the running database"):
        audit_catalogue(proof, urls.owner)
    taken_away = "A scratch database; every guard of every tenant table taken away once"
    with step(taken_away), scratch_database(urls.owner, urls.app) as scratch:
        count_mutants(proof, mutants.score(scratch))
    transactions = SHORT if short else LONG
    connections = f"{interleaved.CONNECTIONS} shared connections to a pool, {interleaved.SILO_CONNECTIONS} to a silo"
    with step(f"{transactions:,} interleaved transactions over {connections}"):
        with scratch_database(urls.owner, urls.app) as pool, scratch_database(urls.owner, urls.app) as silo:
            told = interleaved.run(pool, silo, transactions=transactions)
        proof.interleaved_transactions, proof.interleaved_per_second = told.transactions, told.rate
        proof.violations += told.violations
    attack_system(proof, home, step)
    proof.wire = wire_of(home, proof.commit)
    proof.seconds = time.monotonic() - began
    return proof


def attack_system(proof: Proof, home: Home, step: Step) -> None:
    """Two shops in the pool and two in silos of the running system attack each other, in all directions between the two."""
    found, document, aws = endpoints.load(home).as_json(), Document.read(DOCUMENT), LocalAws(home)
    with step("Two shops in the pool, two in silos; every text that they may write carries a canary"):
        opened = {letter: openings.open_tenant(found, aws, where, letter) for letter, where in PLACES.items()}
        for tenant in opened.values():
            tenants.fill(tenant, document)
            tenants.settle(tenant)
    for one, other in CROSSINGS_SHORT if proof.short else CROSSINGS:
        attacker, victim = opened[one], opened[other]
        findings = proof.findings
        before = findings.counts()
        with step(f"Every route and parameter, {attacker.name} against {victim.name}"):
            Attack(document, attacker, victim, findings, brief=proof.short and bool(proof.crossings)).run()
        counted = {name: count - before[name] for name, count in findings.counts().items()}
        proof.crossings.append({"attacker": attacker.name, "victim": victim.name, **counted})
    with step("Logs, cache, queues and objects searched for canaries"):
        Traces(aws, found["cache_url"], proof.findings).search(list(opened.values()))
    with step("Forged, altered, stale, misplaced and replayed tokens"):
        proof.tokens = forge(aws, opened, proof.findings)


def forge(aws: LocalAws, opened: dict[str, Tenant], findings: Findings) -> int:
    """How many tokens were shown; those that were accepted are in `findings`."""
    attacker, victim, housed, other = opened.values()
    jwks = attacker.seller.call("GET", "/.well-known/jwks.json", expect=200)
    pool, silo = (aws.secret(name)["jwt"] for name in (JWT_SECRET, f"{SILO_SECRETS}/{housed.placement}"))
    keys, silo_keys = SigningKeys.of(pool, jwks), SigningKeys.of(silo, jwks)
    forger = Forger(keys, silo_keys, attacker, victim, housed, other, findings)
    forger.run()
    return forger.forged


def audit_catalogue(proof: Proof, owner_url: str) -> None:
    """migrations/audit.sql on the database as it stands."""
    from psycopg import sql

    from painelml.core.migrate import audit_sql

    text = audit_sql()
    proof.audit_checks = len({line.split("'")[1] for line in text.splitlines() if line.startswith("select '")})
    with psycopg.connect(owner_url, autocommit=True) as connection:
        rows = connection.execute(sql.SQL(text)).fetchall()
    proof.audit_findings = [" ".join(map(str, row)) for row in rows]


def count_mutants(proof: Proof, score: MutationScore) -> None:
    proof.tenant_tables, proof.mutants, proof.mutants_caught = score.tables, len(score.verdicts), score.caught
    proof.survivors = score.survivors
    proof.violations += [f"scratch database, before any fault: {found}" for found in score.sound_findings]
    for verdict in score.verdicts:
        count = proof.kinds.setdefault(verdict.mutant.kind, {"planted": 0, "caught": 0})
        count["planted"] += 1
        count["caught"] += verdict.caught


def wire_of(home: Home, at: str) -> dict[str, Any] | None:
    """What the wire guard wrote at the end of the suite (`PAINEL_WIRE_GUARD=1 pytest tests/integration`), if on this commit."""
    file = home.folder / "wire.json"
    if not file.exists():
        return None
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told if told["commit"] == at else None


def commit() -> str:
    """The commit that is checked out, with `+` where something is changed in it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return f"{git('rev-parse', '--short=12', 'HEAD') or 'unknown'}{'+' if git('status', '--porcelain', '-uno') else ''}"
