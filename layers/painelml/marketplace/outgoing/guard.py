"""What Mercado Livre's moderation would reject, found before anything is queued.

The reasons are its own (mensajeria-post-venta); `LINK` and `CHARACTERS` are ours, for any other link and for what its messages
cannot carry (Latin-1 and emoji). Whether a text is a template cannot be seen in one text, and is not looked for.
"""

from __future__ import annotations

import re
import unicodedata

_FINDS: dict[str, re.Pattern[str]] = {
    "LINK_SHORT_URL": re.compile(r"\b(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|cutt\.ly|is\.gd|encurtador\.com\.br)\b"),
    "LINK_MERCADOPAGO": re.compile(r"\bmercado ?pago\.com|\bmpago\.la\b"),
    "ML_LINKS_PAYPAL": re.compile(r"\bpaypal\b"),
    "PERSONAL_DATA": re.compile(
        r"[\w.+-]+ ?@ ?[\w-]+\.\w+"  # an e-mail address
        r"|(?<![\w.])(?:\+?55 ?)?\(?\d{2}\)? ?9? ?\d{4}[ .-]?\d{4}(?![\w.]\w|\d)"  # a telephone number with its area code
    ),
    "SOCIAL_NETWORK_LINK": re.compile(
        r"\b(?:instagram|facebook|whats ?app|zap ?zap|telegram|tik ?tok|wa\.me|t\.me|fb\.com|discord)\b|(?<![\w.])@\w{3,}"
    ),
    "LINK": re.compile(r"https?://|\bwww\.|\b[a-z0-9-]+\.(?:com|net|org|app|site|shop|store|link|io)(?:\.[a-z]{2})?\b"),
}
_PICTURES = frozenset({"So", "Sk", "Mn", "Cf"})  # categories that emoji are made of


def reason_to_refuse(text: str) -> str | None:
    """The first reason against this text; None for a clean one."""
    if any(ord(sign) > 255 and unicodedata.category(sign) not in _PICTURES for sign in text):
        return "CHARACTERS"
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return next((reason for reason, find in _FINDS.items() if find.search(plain)), None)
