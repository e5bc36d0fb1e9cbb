"""The form of an API key: a prefix that scanners know, and a checksum that no edit survives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painelml.identity import api_keys
from painelml.identity.errors import WeakPassword
from painelml.identity.passwords import refuse_common
from painelml.identity.tokens import KEY_PREFIX

KEY = api_keys.new_key()


@pytest.mark.req("A042", "K33")
def test_a_key_says_what_it_is() -> None:
    assert re.fullmatch(r"pml_live_[0-9A-Za-z]{33}", KEY)
    assert api_keys.is_well_formed(KEY)
    assert api_keys.ALPHABET.__len__() ** api_keys.RANDOM_DIGITS > 2**api_keys.RANDOM_BITS
    assert len({api_keys.new_key() for _ in range(200)}) == 200


@given(st.integers(min_value=0, max_value=len(KEY) - 1), st.sampled_from(api_keys.ALPHABET))
def test_no_single_edit_survives_the_checksum(place: int, digit: str) -> None:
    edited = KEY[:place] + digit + KEY[place + 1 :]
    assert api_keys.is_well_formed(edited) == (edited == KEY)


@given(st.text(max_size=60))
def test_no_other_text_is_a_key(text: str) -> None:
    assert not api_keys.is_well_formed(text)
    assert not api_keys.is_well_formed(KEY_PREFIX + text)


@given(st.text(alphabet="bcdfghjkmnprtvwxz 2468", min_size=12, max_size=64).filter(lambda text: len(set(text)) >= 10))
def test_a_password_is_judged_without_failing(text: str) -> None:
    try:
        refuse_common(text, "Loja", "dona@example.com")
    except WeakPassword:
        assert any(letter.isalnum() for letter in text)


@pytest.mark.parametrize(
    "password", ["correto cavalo bateria", "três pratos de trigo", "k7#Qv!m2Zr9p", "demonstracao-painelml"]
)
def test_a_good_password_passes(password: str) -> None:
    refuse_common(password, "Loja da Ana", "ana@example.com")


def test_every_common_password_of_the_full_length_is_refused() -> None:
    listed = Path(api_keys.__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split()
    assert len(listed) >= 3_000
    for password in listed:
        if len(password) >= 12:
            with pytest.raises(WeakPassword):
                refuse_common(password)
