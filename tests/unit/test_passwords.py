"""Passwords: argon2id with fixed parameters, and a hash for nobody."""

from __future__ import annotations

import pytest

from painelml.identity.passwords import DECOY, hash_password, is_outdated, matches


@pytest.mark.req("A011", "B045")
def test_a_password_matches_its_own_hash_only() -> None:
    hashed = hash_password("correto cavalo bateria")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert matches(hashed, "correto cavalo bateria")
    assert not matches(hashed, "correto cavalo baterias")


def test_nobodys_hash_matches_nothing_and_costs_the_same() -> None:
    assert not matches(None, "qualquer coisa")
    assert not is_outdated(DECOY)


def test_a_hash_with_other_parameters_is_outdated() -> None:
    assert is_outdated("$argon2id$v=19$m=8192,t=1,p=1$" + "A" * 22 + "$" + "A" * 43)
    assert not is_outdated(hash_password("x" * 128))


@pytest.mark.parametrize("password", ["señha ç ñ 🐴🔋 com 24", "a\0b" * 5, "x" * 128])
def test_any_characters_make_a_password(password: str) -> None:
    assert matches(hash_password(password), password)
