"""Passwords: argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), about 70 ms of a processor each."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1

# A hash of nothing that can be typed, with the parameters above: unknown e-mails cost what known ones cost.
DECOY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


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
