"""The gate before Mercado Livre, between tests."""

from __future__ import annotations

from painelml.core.cache import cache, outage
from painelml.marketplace.api import gate


def forget_gate() -> None:
    """No rate is cut and no circuit open any more because of what an earlier test did to the simulator."""
    for key in list(cache().scan_iter(match="{ml:*")):
        cache().delete(key)
    gate._local = gate._Local()
    outage.end()
