"""What can be wrong with a wish about a tenant."""

from __future__ import annotations

from typing import ClassVar

from painelml.core.errors import Conflict, Forbidden, PainelError, Text


class EmailTaken(Conflict):
    code = "email_taken"
    title: ClassVar[Text] = {"pt-BR": "E-mail já usado", "en": "E-mail already used"}
    detail: ClassVar[Text] = {
        "pt-BR": "Já existe um cadastro com este e-mail. Entre com ele ou use outro. Nada foi gravado.",
        "en": "This e-mail is already registered. Log in with it or use another. Nothing was written.",
    }


class MoveNotAllowed(Conflict):
    """`moved_from` and `to` are statuses; `allowed` lists where `moved_from` may go."""

    code = "move_not_allowed"
    title: ClassVar[Text] = {"pt-BR": "Mudança de situação não permitida", "en": "Status change not allowed"}
    detail: ClassVar[Text] = {
        "pt-BR": "Um tenant {moved_from} não pode passar a {to}; pode passar a: {allowed}. Nada foi gravado.",
        "en": "A {moved_from} tenant cannot become {to}; it can become: {allowed}. Nothing was written.",
    }


class HostTaken(Conflict):
    code = "host_taken"
    title: ClassVar[Text] = {"pt-BR": "Domínio já usado", "en": "Host already used"}
    detail: ClassVar[Text] = {
        "pt-BR": "Outra conta já usa este domínio. Escolha outro. Nada foi gravado.",
        "en": "Another account uses this host already. Choose another. Nothing was written.",
    }


class TenantExists(Conflict):
    """`tenant_id` is the id that was given."""

    code = "tenant_exists"
    title: ClassVar[Text] = {"pt-BR": "Tenant já existe", "en": "Tenant exists already"}
    detail: ClassVar[Text] = {
        "pt-BR": "Já existe um tenant com o id {tenant_id}. Use outro id. Nada foi gravado.",
        "en": "There is a tenant with the id {tenant_id} already. Use another id. Nothing was written.",
    }


class PartnerLimitReached(Conflict):
    code = "partner_limit_reached"
    title: ClassVar[Text] = {"pt-BR": "Limite do parceiro atingido", "en": "Partner's limit reached"}
    detail: ClassVar[Text] = {
        "pt-BR": "A soma dos limites dos subtenants passaria do limite do parceiro. Diminua outro ou amplie o plano. "
        "Nada foi gravado.",
        "en": "The sub-tenants' limits together would pass the partner's own. Lower another or enlarge the plan. "
        "Nothing was written.",
    }


class SubTenantsLeft(Conflict):
    """`count` and `names` of the sub-tenants that are not cancelled; `sub_tenants` lists at most twenty: id, name, status."""

    code = "sub_tenants_left"
    title: ClassVar[Text] = {"pt-BR": "Parceiro com subtenants", "en": "Partner with sub-tenants"}
    detail: ClassVar[Text] = {
        "pt-BR": "Este parceiro tem {count} subtenants que não foram cancelados: {names}. Cancele-os primeiro, depois o "
        "parceiro. Nada foi gravado.",
        "en": "This partner has {count} sub-tenants that are not cancelled: {names}. Cancel them first, then the partner. "
        "Nothing was written.",
    }


class PlanNotForPartners(Forbidden):
    code = "plan_not_for_partners"
    detail: ClassVar[Text] = {
        "pt-BR": "Este plano tem banco de dados próprio e só a plataforma o abre. Escolha outro plano. Nada foi gravado.",
        "en": "This plan has a database of its own, which only the platform opens. Choose another. Nothing was written.",
    }


class UnknownTenant(PainelError):
    """The host of a page that nobody's brand is on (D042)."""

    status = 400
    code = "unknown_tenant"
    title: ClassVar[Text] = {"pt-BR": "Tenant desconhecido", "en": "Unknown tenant"}
    detail: ClassVar[Text] = {
        "pt-BR": "Nenhuma conta usa este domínio. Confira o endereço.",
        "en": "No account uses this host. Check the address.",
    }
