"""The law of the audit chain: any row changed, moved, left out or added is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painelml.audit.models import GENESIS, AuditEntry, AuditEvent, canonical, link
from painelml.audit.service import _check_harmless, check_chain

TENANT = UUID("01940000-0000-7000-8000-000000000001")
codes = st.text(st.sampled_from("abcXYZ019._:/+-"), max_size=20)
details = st.dictionaries(
    st.text(st.sampled_from("abcz_"), min_size=1, max_size=6),
    st.one_of(codes, st.integers(-(2**53), 2**53), st.booleans()),
    max_size=3,
)
moments = st.integers(0, 10**15).map(lambda us: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))


def chained(drafts: list[AuditEntry], tenant_id: UUID = TENANT) -> list[AuditEntry]:
    """The drafts, numbered and hashed as the database does it."""
    made: list[AuditEntry] = []
    previous = GENESIS
    for sequence, draft in enumerate(drafts, start=1):
        entry = draft.model_copy(update={"sequence": sequence})
        previous = link(previous, tenant_id, entry)
        made.append(entry.model_copy(update={"hash": previous.hex()}))
    return made


drafts = st.builds(
    AuditEntry,
    sequence=st.just(1),
    occurred_at=moments,
    event=st.sampled_from(AuditEvent).map(str),
    actor_id=st.one_of(st.none(), st.uuids(version=4)),
    subject=codes,
    details=details,
    hash=st.just(""),
)
chains = st.lists(drafts, min_size=1, max_size=8).map(chained)


def faults(chain: list[AuditEntry], head: tuple[int, str]) -> list[str]:
    return check_chain(TENANT, chain, head=head).faults


def head_of(chain: list[AuditEntry]) -> tuple[int, str]:
    return (chain[-1].sequence, chain[-1].hash) if chain else (0, GENESIS.hex())


@given(chains)
def test_an_untouched_chain_holds(chain: list[AuditEntry]) -> None:
    assert faults(chain, head_of(chain)) == []


@given(chains, st.data())
def test_a_changed_field_is_found(chain: list[AuditEntry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(chain) - 1))
    field = data.draw(st.sampled_from(["occurred_at", "event", "actor_id", "subject", "details", "hash"]))
    other = {
        "occurred_at": chain[at].occurred_at + timedelta(microseconds=1),
        "event": "ERASED" if chain[at].event != "ERASED" else "EXPORTED",
        "actor_id": uuid4(),
        "subject": chain[at].subject + "x",
        "details": {**chain[at].details, "planted": 1},
        "hash": "00" * 32,
    }[field]
    tampered = [*chain[:at], chain[at].model_copy(update={field: other}), *chain[at + 1 :]]
    assert faults(tampered, head_of(chain))


@given(chains, st.data())
def test_a_missing_entry_is_found_even_the_last(chain: list[AuditEntry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(chain) - 1))
    assert faults([*chain[:at], *chain[at + 1 :]], head_of(chain))


@given(chains.filter(lambda chain: len(chain) > 1), st.data())
def test_two_entries_that_change_places_are_found(chain: list[AuditEntry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(chain) - 2))
    assert faults([*chain[:at], chain[at + 1], chain[at], *chain[at + 2 :]], head_of(chain))


@given(chains, drafts, st.data())
def test_an_entry_put_in_is_found(chain: list[AuditEntry], planted: AuditEntry, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(chain)))
    assert faults(
        [*chain[:at], planted.model_copy(update={"sequence": at + 1, "hash": "11" * 32}), *chain[at:]], head_of(chain)
    )


@given(chains, st.lists(drafts, max_size=8).map(chained))
def test_a_chain_written_anew_is_found_by_its_anchor(chain: list[AuditEntry], forged: list[AuditEntry]) -> None:
    """Whoever owns the database can forge a whole chain and its head; a hash kept elsewhere gives them away."""
    anchors = {chain[-1].sequence: chain[-1].hash}
    found = check_chain(TENANT, forged, head=head_of(forged), anchors=anchors).faults
    assert bool(found) == (forged[: len(chain)] != chain)


@given(chains)
def test_a_chain_is_its_tenants_alone(chain: list[AuditEntry]) -> None:
    assert check_chain(uuid4(), chain, head=head_of(chain)).faults


@given(drafts)
def test_what_is_hashed_is_canonical_json(draft: AuditEntry) -> None:
    text = canonical(TENANT, draft)
    again = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert text == again


@pytest.mark.parametrize("value", ["dona@example.com", "Dona da Loja", "x" * 121, "até", "a\nb", 'a"b'])
@pytest.mark.parametrize("place", ["subject", "details"])
def test_what_could_be_personal_is_refused(place: str, value: str) -> None:
    with pytest.raises(ValueError, match="personal data"):
        _check_harmless(value if place == "subject" else "", {"value": value} if place == "details" else {})


def test_the_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(ValueError) as refused:
        _check_harmless("dona@example.com", {})
    assert "dona" not in str(refused.value)
