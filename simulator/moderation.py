"""What Mercado Livre's moderation finds in a seller's message."""

import re

# By reason, in the order in which they are looked for. Two reasons cannot be seen in the words of one message
# (AUTOMATIC_MESSAGE, EVASION_CLAIM_SELLER): the control API sets them.
_FINDS = {
    "LINK_SHORT_URL": re.compile(r"\b(bit\.ly|tinyurl\.com|goo\.gl|t\.co|cutt\.ly)/", re.IGNORECASE),
    "SOCIAL_NETWORK_LINK": re.compile(r"\b(instagram|facebook|whatsapp|wa\.me|t\.me|tiktok)\b", re.IGNORECASE),
    "LINK_MERCADOPAGO": re.compile(r"\b(mercadopago\.com|mpago\.la)", re.IGNORECASE),
    "ML_LINKS_PAYPAL": re.compile(r"\bpaypal\b", re.IGNORECASE),
    "PERSONAL_DATA": re.compile(r"[\w.+-]+@[\w-]+\.\w+|\(?\b\d{2}\)?\s?9?\d{4}-\d{4}\b"),
    "OUT_OF_PLACE_LANGUAGE": re.compile(r"\b(idiota|imbecil|otário|otario)\b", re.IGNORECASE),
}
REASONS = (*_FINDS, "AUTOMATIC_MESSAGE", "EVASION_CLAIM_SELLER")


def reason_to_reject(text: str) -> str | None:
    """The reason why a message would be moderated; None for a clean one."""
    return next((reason for reason, find in _FINDS.items() if find.search(text)), None)
