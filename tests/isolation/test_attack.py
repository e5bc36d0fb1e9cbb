"""The attacker tenant against the running system, in the short form: the code of `painel isolation report`."""

from __future__ import annotations

import json
from contextlib import nullcontext
from itertools import product

import pytest

from ops.home import Home
from ops.isolation import command, openings, proof
from ops.isolation.document import Document, random_id
from ops.isolation.prober import Findings
from ops.isolation.proof import Proof, attack_system
from ops.openapi import DOCUMENT
from tests.system import System

STORES = ("response", "log", "cache", "queue", "object")


@pytest.fixture(scope="module")
def attacked(system: System) -> Proof:
    made = Proof(commit=proof.commit(), short=True)
    attack_system(made, Home(system.home), lambda _: nullcontext())
    return made


@pytest.mark.req("A003", "A055", "A150", "A160", "D003", "D076", "K09", "K34")
def test_an_attacker_gets_nothing(attacked: Proof) -> None:
    assert attacked.problems == []
    assert attacked.findings.foreign_bytes == 0


@pytest.mark.req("A003", "A055")
def test_every_route_of_the_document_was_attacked(attacked: Proof) -> None:
    operations = Document.read(DOCUMENT).operations
    assert attacked.findings.routes == len(operations)
    assert attacked.findings.probes >= 2 * len([operation for operation in operations if not operation.is_public])
    assert attacked.findings.unresolved == []


@pytest.mark.req("A003", "K09")
def test_pool_and_silo_were_attacked_in_all_directions(attacked: Proof) -> None:
    ways = {(told["attacker"].split()[0], told["victim"].split()[0]) for told in attacked.crossings}
    assert ways == set(product((openings.POOL, openings.SILO), repeat=2))
    assert all(told["probes"] >= len(Document.read(DOCUMENT).operations) / 2 for told in attacked.crossings)


@pytest.mark.req("A003")
def test_every_store_was_searched(attacked: Proof) -> None:
    assert set(attacked.findings.searched) == set(STORES)
    for name in ("response", "log", "queue"):
        assert attacked.findings.searched[name] > 0, name


@pytest.mark.req("A047", "A055", "K11")
def test_every_forged_token_was_refused(attacked: Proof) -> None:
    assert attacked.tokens >= 48
    assert [violation for violation in attacked.findings.violations if "token" in violation] == []


def test_a_foreign_byte_is_found_and_counted() -> None:
    findings = Findings()
    findings.search("response to x", "a canary of theirs", ["canary", "absent"])
    assert findings.foreign_bytes == len("canary")
    assert findings.searched == {"response": 1}
    assert len(findings.violations) == 1


@pytest.mark.parametrize("held", ["01a203bd-dc23-7958-8bba-206912bc16ea", "2000011800000020", "MLB4000000101"])
def test_a_random_id_is_of_the_same_kind(held: str) -> None:
    made = random_id(held)
    assert made != held
    assert len(made) == len(held)


def test_the_report_is_a_page_and_a_document(attacked: Proof, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(tmp_path_factory.mktemp("report"))
    attacked.survivors.append("app.orders: <policy> dropped")
    try:
        told = command.write(home, attacked)
    finally:
        attacked.survivors.clear()
    assert told["holds"] is False
    assert json.loads((home.folder / "isolation.json").read_text()) == told
    page = (home.folder / "isolation.html").read_text()
    assert "Isolamento violado" in page
    assert "app.orders: &lt;policy&gt; dropped" in page
    assert attacked.commit in page
