"""Passwords: argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), about 70 ms of a processor each."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from painelml.identity.errors import WeakPassword

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1

# A hash of nothing that can be typed, with the parameters above: unknown e-mails cost what known ones cost.
DECOY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


_COMMON = Path(__file__).with_name("common_passwords.txt")
_ROWS = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
_DISGUISE = str.maketrans("@4301$5!7", "aaeoissit")
_WORD_LETTERS = 4
_DISTINCT = 5


def refuse_common(password: str, *context: str) -> None:
    """Raises WeakPassword for what guessers try first (ASVS 6.2.4, 6.2.11). `context`: names and e-mail.

    The list holds 3,300 common passwords, short ones too, because people lengthen them. Refused is one of them or a context
    word, repeated or in pairs, in disguise (p@ssw0rd), with digits or signs around it; a run of keys, a short piece repeated,
    and what has fewer than five different characters.
    """
    known = _common() | _words(context)
    text = password.casefold()
    if text in known or len(set(text)) < _DISTINCT or _is_run(text):
        raise WeakPassword
    for spelling in (text, text.translate(_DISGUISE)):
        whole = re.sub(r"[\W_]+", "", spelling)
        for core in (whole, re.sub(r"^[\d\W_]+|[\d\W_]+$", "", spelling), re.sub(r"^\d+|\d+$", "", whole)):
            if _is_known(re.sub(r"[\W_]+", "", core), known):
                raise WeakPassword


def _is_known(core: str, known: frozenset[str]) -> bool:
    repeated = re.fullmatch(r"(.+?)\1+", core)
    unit = repeated[1] if repeated else core
    if unit in known or (repeated and len(unit) <= _WORD_LETTERS):
        return True
    return any(unit[:cut] in known and unit[cut:] in known for cut in range(_WORD_LETTERS, len(unit) - _WORD_LETTERS + 1))


def _is_run(text: str) -> bool:
    """A walk along the keyboard, the alphabet or the digits, in either direction, round and round."""
    return any(text in row * 14 or text[::-1] in row * 14 for row in _ROWS)


def _words(context: tuple[str, ...]) -> frozenset[str]:
    found = {"".join(re.findall(r"\w", text.casefold())) for text in context}
    found |= {word for text in context for word in re.findall(r"[^\W_]+", text.casefold())}
    return frozenset(word for word in found if len(word) >= _WORD_LETTERS)


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def hash_password(password: str) -> str:
    return _hasher().hash(password)


def matches(hashed: str | None, password: str) -> bool:
    """Whether `password` made the hash; takes as long, and says no, where there is none."""
    from argon2.exceptions import VerifyMismatchError

    try:
        _hasher().verify(hashed or DECOY, password)
    except VerifyMismatchError:
        return False
    return hashed is not None


def is_outdated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(hashed)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
