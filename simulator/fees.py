"""What a sale costs: the percentage of the listing type, and the fixed fee that depends on the logistics."""

from .clock import DAY
from .model import Item

# Percentage of the marketplace and of the financing by listing type; free listings pay nothing.
PERCENTAGES = {"gold_special": (12.0, 0.0), "gold_pro": (12.0, 5.0), "free": (0.0, 0.0)}
FREE_SHIPPING_FROM = 7_900
# Fixed fee in cents by price below the threshold; under 12.50 it is half of the price.
FIXED_FEES = ((1_250, None), (2_900, 625), (5_000, 650), (FREE_SHIPPING_FROM, 675))
FEE_PERIOD = 10_950 * DAY


def percentage(listing_type_id: str) -> float:
    return sum(PERCENTAGES[listing_type_id])


def fixed_fee(price: int, mode: str | None, logistic_type: str | None, *, by_logistics: bool = True) -> int:
    """The fixed fee in cents: above the threshold nobody pays, below it within ME2 only Flex.

    Without the logistics the answer is what a caller gets who leaves them out, which is not the real charge.
    """
    spared = mode == "me2" and logistic_type is not None and logistic_type != "self_service" and by_logistics
    if price >= FREE_SHIPPING_FROM or spared:
        return 0
    return next(price // 2 if fee is None else fee for limit, fee in FIXED_FEES if price < limit)


def unit_fee(item: Item, unit_price: int) -> int:
    """The fee of one unit in cents, as an order prints it."""
    if item.listing_type_id == "free":
        return 0
    share = round(unit_price * percentage(item.listing_type_id) / 100)
    fixed = fixed_fee(unit_price, item.mode, item.logistic_type) if item.site_id == "MLB" else 0
    return share + fixed
