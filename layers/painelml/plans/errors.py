"""What a plan refuses."""

from __future__ import annotations

from typing import ClassVar

from painelml.core.errors import Conflict, InvalidRequest, PainelError, Text

UPGRADE = "/billing/plans"
"""The way up: below the API's base path, the plans to choose from."""


class LimitReached(PainelError):
    """`entitlement`, `limit`, `current` (in counted units), `requested`, `plan` (codes), `upgrade` (a path of the API).

    402 and not 409: repeating does not help, another plan does.
    """

    status = 402
    code = "limit_reached"
    title: ClassVar[Text] = {"pt-BR": "Limite do plano atingido", "en": "Limit of the plan reached"}
    detail: ClassVar[Text] = {
        "pt-BR": "O plano {plan} permite {limit} de {entitlement}, e {current} estão em uso. Libere espaço ou mude de plano: "
        "veja GET {upgrade}. Nada foi gravado.",
        "en": "The plan {plan} allows {limit} of {entitlement}, and {current} are in use. Free some or change the plan: "
        "see GET {upgrade}. Nothing was written.",
    }


class UnknownPlan(InvalidRequest):
    """`plan` is not in the catalogue; `known` lists the codes."""

    code = "unknown_plan"
    detail: ClassVar[Text] = {
        "pt-BR": "Não há o plano {plan}. Use um destes: {known}. Nada foi gravado.",
        "en": "There is no plan {plan}. Use one of: {known}. Nothing was written.",
    }


class CustomerTaken(Conflict):
    """The Stripe customer belongs to another tenant's subscription."""

    code = "stripe_customer_taken"
    title: ClassVar[Text] = {"pt-BR": "Cliente Stripe já usado", "en": "Stripe customer already used"}
    detail: ClassVar[Text] = {
        "pt-BR": "Este cliente Stripe já pertence a outra assinatura. Nada foi gravado.",
        "en": "This Stripe customer already belongs to another subscription. Nothing was written.",
    }
