"""Cursors go out and come back as they were; others are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painelml.core.errors import InvalidRequest
from painelml.core.ids import uuid7
from painelml.core.pages import decode_cursor, decode_id, encode_cursor, page_of

KEY_PARTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(KEY_PARTS, max_size=4))
def test_a_cursor_comes_back_as_it_went(key: list[str]) -> None:
    assert decode_cursor(encode_cursor(*key), len(key)) == key


def test_an_id_comes_back_as_an_id() -> None:
    row = uuid7()
    assert decode_id(encode_cursor(row)) == row
    assert decode_id(None) is None


@given(st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        decode_id(text)


@given(st.lists(st.integers(), max_size=30), st.integers(1, 10))
def test_pages_hold_the_limit_and_say_whether_more_follow(rows: list[int], limit: int) -> None:
    page = page_of(rows[: limit + 1], limit, key=lambda row: [row])
    assert page.data == rows[:limit]
    assert (page.next_cursor is None) == (len(rows) <= limit)
