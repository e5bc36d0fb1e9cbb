"""What comes from outside can be stored, whatever it says."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from painelml.core.text import storable

strings = st.text(st.characters(codec=None, categories=["L", "N", "Cs", "Cc", "So"]), max_size=8)
documents = st.recursive(
    st.none() | st.integers() | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
)


@given(document=documents)
def test_what_is_left_is_text(document: Any) -> None:
    source = json.dumps(document).encode()
    text = json.dumps(storable(json.loads(source), source=source), ensure_ascii=False)
    assert "\\u0000" not in text
    assert text.encode()


@given(document=st.recursive(st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), st.lists))
def test_good_text_is_left_alone(document: Any) -> None:
    source = json.dumps(document).encode()
    assert storable(json.loads(source), source=source) == document
