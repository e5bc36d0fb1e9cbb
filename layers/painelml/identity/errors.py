"""What can be wrong with someone who wants in, or with a wish about people."""

from __future__ import annotations

from typing import ClassVar

from painelml.core.errors import Conflict, Forbidden, Text, Unauthenticated


class WrongCredentials(Unauthenticated):
    """One answer for an unknown e-mail and for a wrong password."""

    code = "wrong_credentials"
    title: ClassVar[Text] = {"pt-BR": "E-mail ou senha incorretos", "en": "Wrong e-mail or password"}
    detail: ClassVar[Text] = {
        "pt-BR": "Confira o e-mail e a senha e tente de novo.",
        "en": "Check the e-mail and the password and try again.",
    }


class AccessClosed(Forbidden):
    """Only for someone who has just given the right password."""

    code = "access_closed"
    title: ClassVar[Text] = {"pt-BR": "Acesso encerrado", "en": "Access closed"}
    detail: ClassVar[Text] = {
        "pt-BR": "Seu acesso foi desativado, ou a conta está suspensa ou cancelada. Fale com um OWNER da conta ou o suporte.",
        "en": "Your access was switched off, or the account is suspended or cancelled. Ask an OWNER of the account or support.",
    }


class SessionOver(Unauthenticated):
    """The refresh token is unknown, used, expired or revoked."""

    code = "session_over"
    title: ClassVar[Text] = {"pt-BR": "Sessão encerrada", "en": "Session over"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta sessão acabou. Entre de novo com e-mail e senha.",
        "en": "This session is over. Log in again with e-mail and password.",
    }


class LastOwner(Conflict):
    code = "last_owner"
    title: ClassVar[Text] = {"pt-BR": "Último OWNER da conta", "en": "Last OWNER of the account"}
    detail: ClassVar[Text] = {
        "pt-BR": "A conta precisa de ao menos um OWNER ativo. Torne outra pessoa OWNER antes. Nada foi gravado.",
        "en": "The account needs at least one active OWNER. Make someone else OWNER first. Nothing was written.",
    }


class OwnersOnly(Forbidden):
    code = "owners_only"
    detail: ClassVar[Text] = {
        "pt-BR": "Só um OWNER pode criar, alterar ou desativar um OWNER. Nada foi gravado.",
        "en": "Only an OWNER can make, change or deactivate an OWNER. Nothing was written.",
    }
