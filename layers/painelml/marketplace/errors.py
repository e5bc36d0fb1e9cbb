"""What can go wrong with Mercado Livre, told apart by status and code, never by prose (it comes in three languages)."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import ClassVar, Literal

from painelml.core.errors import Conflict, PainelError, RetryLater, ServiceUnavailable, Text
from painelml.plans.errors import LimitReached

LONGEST_PAUSE = 900


class CallRefused(Exception):
    """Mercado Livre refused this call for good: repeating it would only count against the application.

    `code` is the most telling code of the answer; `causes` are the others (`blocked_conversation_…`).
    """

    def __init__(self, status: int, code: str, causes: Iterable[str] = ()) -> None:
        super().__init__(f"Mercado Livre answered {status} {code}")
        self.status = status
        self.code = code
        self.causes = tuple(causes)

    def says(self, code: str) -> bool:
        """Whether the answer carried this code, in whatever place."""
        return code == self.code or code in self.causes


class TokenRejected(CallRefused):
    """401: the access token is dead. Worth one refresh and one retry."""


class AccessRefused(CallRefused):
    """403 that says no more: another seller's resource, or a seller whom Mercado Livre restricts (documents, inactive)."""


class ForeignResource(AccessRefused):
    """403: the resource is another seller's."""


class PermissionMissing(AccessRefused):
    """403 of the PolicyAgent, or of a scope: our application lacks the functional permission, or this grant does.

    `permission` names it as the DevCenter groups them, with what was tried: `sales.read`.
    """

    permission = "unknown"


class ResourceMissing(CallRefused):
    """404: no such resource, or not yet: notifications may run ahead of what they announce."""


class GrantRefused(CallRefused):
    """The token endpoint refused the code or the refresh token (`invalid_grant`)."""


class UnknownEnvelope(Exception):
    """An answer in a shape that we do not know. Raised loudly: filtering it would read as 'nothing there'."""


Strain = Literal["failure", "throttled", "blocked"]


class MarketplaceBusy(ServiceUnavailable):
    """5xx, no answer, half an answer, or our own limit. Nothing was written; what was asked may be asked again.

    `retry_after` is in seconds, None where nobody named any. `strain` is what it says about Mercado Livre's state.
    """

    code = "mercado_livre_unavailable"
    strain: ClassVar[Strain | None] = "failure"
    title: ClassVar[Text] = {"pt-BR": "Mercado Livre indisponível", "en": "Mercado Livre unavailable"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre não respondeu. Nada foi gravado; tente de novo em alguns segundos.",
        "en": "Mercado Livre did not answer. Nothing was written; try again in a few seconds.",
    }

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.retry_after = retry_after


class NotSent(MarketplaceBusy):
    """No connection was made, so Mercado Livre never saw the call."""


class Throttled(MarketplaceBusy):
    """429: too many calls of this class."""

    strain = "throttled"


class ApplicationBlocked(MarketplaceBusy):
    """401 `unauthorized_scopes`: our whole application is blocked. Ours to repair; no seller's token is dead."""

    code = "application_blocked"
    strain = "blocked"
    title: ClassVar[Text] = {"pt-BR": "Aplicação bloqueada", "en": "Application blocked"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre bloqueou a nossa aplicação. Já fomos avisados; suas contas continuam conectadas.",
        "en": "Mercado Livre has blocked our application. We have been alerted; your accounts stay connected.",
    }

    def __init__(self) -> None:
        super().__init__("our application is blocked", LONGEST_PAUSE)


class ChangedMeanwhile(MarketplaceBusy):
    """409: someone else was writing the same thing, or the version sent is old. Read it again before writing it again."""

    strain = None


class HeldBack(MarketplaceBusy):
    """Not asked at all: our own limiter or an open circuit. `retry_after` is always set."""

    strain = None


class OutcomeUnknown(ServiceUnavailable):
    """A write whose end is not known: the answer was lost, a 5xx, or unreadable. Never repeated blindly; read, then decide."""

    code = "mercado_livre_outcome_unknown"
    strain: ClassVar[Strain | None] = "failure"
    title: ClassVar[Text] = {"pt-BR": "Resultado desconhecido", "en": "Outcome unknown"}
    detail: ClassVar[Text] = {
        "pt-BR": "O Mercado Livre não confirmou a operação, que pode ter sido feita. Confira antes de enviar de novo.",
        "en": "Mercado Livre did not confirm the operation, which may have been done. Check before sending it again.",
    }

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


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
