"""Texts that Mercado Livre's moderation would reject, and texts that it would not."""

from __future__ import annotations

import pytest

from painelml.marketplace.outgoing.guard import reason_to_refuse


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("veja em bit.ly/abc", "LINK_SHORT_URL"),
        ("Siga nosso Instagram", "SOCIAL_NETWORK_LINK"),
        ("me chama no ZapZap", "SOCIAL_NETWORK_LINK"),
        ("siga @minhaloja", "SOCIAL_NETWORK_LINK"),
        ("https://wa.me/5511", "SOCIAL_NETWORK_LINK"),
        ("pague em mercadopago.com/x", "LINK_MERCADOPAGO"),
        ("aceito PayPal", "ML_LINKS_PAYPAL"),
        ("escreva para maria@loja.com.br", "PERSONAL_DATA"),
        ("ligue (11) 98765-4321", "PERSONAL_DATA"),
        ("ligue 11987654321", "PERSONAL_DATA"),
        ("+55 11 3456-7890", "PERSONAL_DATA"),
        ("https://exemplo.test/x", "LINK"),
        ("veja www.exemplo.test", "LINK"),
        ("minhaloja.com.br tem mais", "LINK"),
        ("ｗｗｗ.exemplo.test", "CHARACTERS"),
        ("Привет", "CHARACTERS"),
    ],
)
def test_a_text_is_refused_by_its_reason(text: str, reason: str) -> None:
    assert reason_to_refuse(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        "Já está a caminho, chega até 25/11/2026 às 18:30. 😀",
        "Rastreio AB123456789BR, pedido 2000011800000001.",
        "O valor é R$ 1.234,56 e a nota é a 000.123.456.",
        "CEP 01310-100, são 2 volumes de 30 x 40 cm.",
        "Obrigado.Avise se precisar!",
    ],
)
def test_what_sellers_say_passes(text: str) -> None:
    assert reason_to_refuse(text) is None
