"""The shares of sales past which Mercado Livre takes a colour or a medal away.

Brazil's: claims 2 %, dispatched late 10 %, cancelled by the seller 1.5 %, and 0.5 % of those to be MercadoLíder. The window is
60 days for who had 60 sales in them, else 365 days; Mercado Livre computes the rates, we only compare (decision 0059). Other
countries' limits are not known to us: there is nothing to compare with then.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates from 0 to 1. `mercado_lider` None: the medal asks for no more than the colour does."""

    green: float
    mercado_lider: float | None = None


LIMITS: dict[str, dict[str, Limits]] = {
    "MLB": {
        "claims": Limits(green=0.02),
        "delayed_handling_time": Limits(green=0.10),
        "cancellations": Limits(green=0.015, mercado_lider=0.005),
    }
}
"""By site, then by Mercado Livre's name of the metric."""
