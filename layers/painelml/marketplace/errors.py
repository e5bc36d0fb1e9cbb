"""What can go wrong with Mercado Livre, told apart by status and code, never by prose (it comes in three languages)."""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

from painelml.core.errors import Conflict, PainelError, RetryLater, ServiceUnavailable, Text
from painelml.plans.errors import LimitReached

LONGEST_PAUSE = 900


class CallRefused(Exception):
    """Mercado Livre refused this call for good: repeating it would only count against the application."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"Mercado Livre answered {status} {code}")
        self.status = status
        self.code = code


class TokenRejected(CallRefused):
    """401: the access token is dead. Worth one refresh and one retry."""


class AccessRefused(CallRefused):
    """403: a functional permission is missing, or the resource is another seller's."""


class ResourceMissing(CallRefused):
    """404: no such resource, or not yet: notifications may run ahead of what they announce."""


class GrantRefused(CallRefused):
    """The token endpoint refused the code or the refresh token (`invalid_grant`)."""


class UnknownEnvelope(Exception):
    """An answer in a shape that we do not know. Raised loudly: filtering it would read as 'nothing there'."""


class MarketplaceBusy(ServiceUnavailable):
    """429, 409, 5xx, no answer, half an answer. `retry_after` is in seconds, None where Mercado Livre named none."""

    code = "mercado_livre_unavailable"
    title: ClassVar[Text] = {"pt-BR": "Mercado Livre indisponível", "en": "Mercado Livre unavailable"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre não respondeu. Nada foi gravado; tente de novo em alguns segundos.",
        "en": "Mercado Livre did not answer. Nothing was written; try again in a few seconds.",
    }

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.retry_after = retry_after


class ReconnectRequired(Conflict):
    """The seller's permission is gone: only the seller can give it back."""

    code = "reconnect_required"
    title: ClassVar[Text] = {"pt-BR": "Conecte a conta de novo", "en": "Connect the account again"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre não aceita mais a autorização desta conta. Conecte-a de novo em POST /ml-accounts/connect.",
        "en": "Mercado Livre no longer accepts this account's permission. Connect it again with POST /ml-accounts/connect.",
    }


class AccountLimitReached(LimitReached):
    """The plan's number of connected accounts is used up."""

    code = "account_limit_reached"
    title: ClassVar[Text] = {"pt-BR": "Limite de contas do plano", "en": "Account limit of the plan"}
    detail: ClassVar[Text] = {
        "pt-BR": "O plano {plan} permite {limit} conta(s) do Mercado Livre. Desconecte uma ou mude de plano: "
        "veja GET {upgrade}.",
        "en": "The plan {plan} allows {limit} Mercado Livre account(s). Disconnect one or change the plan: see GET {upgrade}.",
    }


class AccountFrozen(Conflict):
    """The plan has no room for this account: its rows can be read, and it is not synchronised."""

    code = "account_frozen"
    title: ClassVar[Text] = {"pt-BR": "Conta congelada pelo plano", "en": "Account frozen by the plan"}
    detail: ClassVar[Text] = {
        "pt-BR": "O plano não comporta esta conta, que fica só para leitura. Desconecte outra "
        "ou mude de plano: veja GET /billing/plans.",
        "en": "The plan has no room for this account, which is read-only. Disconnect another "
        "or change the plan: see GET /billing/plans.",
    }


class SellerTaken(Conflict):
    """K13: a seller is active in one tenant at a time."""

    code = "seller_connected_elsewhere"
    title: ClassVar[Text] = {"pt-BR": "Vendedor já conectado", "en": "Seller already connected"}
    detail: ClassVar[Text] = {
        "pt-BR": "Este vendedor está conectado a outra empresa no PainelML. Desconecte-o lá antes de conectar aqui.",
        "en": "This seller is connected to another company in PainelML. Disconnect it there before connecting it here.",
    }


class ConnectionRefused(PainelError):
    """The consent came from another browser, twice, too late, or from someone who is no longer a member."""

    status = 400
    code = "connection_refused"
    title: ClassVar[Text] = {"pt-BR": "Conexão recusada", "en": "Connection refused"}
    detail: ClassVar[Text] = {
        "pt-BR": "Este pedido de conexão não começou neste navegador, já foi usado ou venceu. Comece de novo no PainelML.",
        "en": "This connection was not started in this browser, was used already, or has expired. Start again in PainelML.",
    }


class ConsentDenied(PainelError):
    """Mercado Livre sent the person back without a code. `reason` is its error code."""

    status = 400
    code = "consent_denied"
    title: ClassVar[Text] = {"pt-BR": "Autorização não concedida", "en": "Permission not given"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre não autorizou a conexão ({reason}). Entre com o usuário principal da conta e tente de novo.",
        "en": "Mercado Livre did not authorize the connection ({reason}). Sign in as the account's main user and try again.",
    }


@contextmanager
def patiently(deferrals: int) -> Generator[None]:
    """For workers: what Mercado Livre cannot answer now is put off, longer each time and never in step with others."""
    try:
        yield
    except MarketplaceBusy as busy:
        seconds = busy.retry_after if busy.retry_after is not None else 2 ** min(deferrals + 1, 9)
        raise RetryLater(round(min(seconds, LONGEST_PAUSE) * random.uniform(1, 1.5)), busy.reason) from busy  # noqa: S311
