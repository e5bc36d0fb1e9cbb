"""What can be wrong with someone who wants in, or with a wish about people."""

from __future__ import annotations

from typing import Any, ClassVar

from painelml.core.errors import Conflict, Forbidden, InvalidRequest, PainelError, Text, Unauthenticated


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


class TooManyTries(PainelError):
    """`retry_after_seconds` says how long to wait; it grows with each failure and ends by itself.

    For our own log alone: `counted_by` what (address, pair, account), and whether this is the first refusal of the wait.
    """

    status = 429
    code = "too_many_tries"
    title: ClassVar[Text] = {"pt-BR": "Tentativas demais", "en": "Too many tries"}
    detail: ClassVar[Text] = {
        "pt-BR": "Espere {retry_after_seconds} s e tente de novo.",
        "en": "Wait {retry_after_seconds} s and try again.",
    }

    def __init__(self, *, retry_after_seconds: int, counted_by: str = "address", is_first: bool = False) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.counted_by, self.is_first = counted_by, is_first

    def fields(self) -> dict[str, str]:
        return {"Retry-After": str(self.params["retry_after_seconds"])}


class WeakPassword(InvalidRequest):
    """The password is a common one, or made of what anyone knows about its owner."""

    code = "weak_password"
    detail: ClassVar[Text] = {
        "pt-BR": "Esta senha é fácil de adivinhar. Três ou quatro palavras ao acaso servem bem. Nada foi gravado.",
        "en": "This password is easy to guess. Choose another: three or four random words do well. Nothing was written.",
    }

    def __init__(self, **params: Any) -> None:
        super().__init__(errors=[{"field": "password", "message": "easy to guess"}], **params)


class WrongPassword(Forbidden):
    """Someone who is logged in did not prove it again."""

    code = "wrong_password"
    title: ClassVar[Text] = {"pt-BR": "Senha incorreta", "en": "Wrong password"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta ação pede a sua senha atual. Confira e tente de novo. Nada foi gravado.",
        "en": "This asks for your present password. Check it and try again. Nothing was written.",
    }


class LinkOver(InvalidRequest):
    """The token of a letter is unknown, used, replaced or expired."""

    code = "link_over"
    title: ClassVar[Text] = {"pt-BR": "Link sem validade", "en": "Link no longer valid"}
    detail: ClassVar[Text] = {
        "pt-BR": "Este link já foi usado, venceu ou foi substituído. Peça outro. Nada foi gravado.",
        "en": "This link was used, has expired or was replaced. Ask for another. Nothing was written.",
    }


class TotpRequired(Unauthenticated):
    """Only for someone who has just given the right password."""

    code = "totp_required"
    title: ClassVar[Text] = {"pt-BR": "Falta o código", "en": "Code needed"}
    detail: ClassVar[Text] = {
        "pt-BR": "Envie de novo com code: o código do seu aplicativo autenticador, ou um código de recuperação.",
        "en": "Send again with code: the one in your authenticator app, or a recovery code.",
    }


class WrongCode(Unauthenticated):
    """Wrong, too old, or used before."""

    code = "wrong_code"
    title: ClassVar[Text] = {"pt-BR": "Código incorreto", "en": "Wrong code"}
    detail: ClassVar[Text] = {
        "pt-BR": "O código está errado ou já foi usado. Espere o próximo do aplicativo e tente de novo.",
        "en": "The code is wrong or was used before. Wait for the app's next one and try again.",
    }


class TotpState(Conflict):
    code = "totp_state"
    detail: ClassVar[Text] = {
        "pt-BR": "A verificação em duas etapas não está no estado que isto pede. Leia /auth/totp. Nada foi gravado.",
        "en": "Two-step verification is not in the state that this needs. Read /auth/totp. Nothing was written.",
    }


class KeyLimitTooHigh(InvalidRequest):
    """`limit` is what the tenant's plan allows in 15 minutes."""

    code = "key_limit_too_high"
    detail: ClassVar[Text] = {
        "pt-BR": "O plano permite {limit} chamadas a cada 15 minutos; dê à chave no máximo isso. Nada foi gravado.",
        "en": "The plan allows {limit} calls every 15 minutes; give the key no more than that. Nothing was written.",
    }

    def __init__(self, *, limit: int) -> None:
        errors = [{"field": "rate_limit_15m", "message": f"at most {limit}"}]
        super().__init__(errors=errors, limit=limit)


class AlreadyMember(Conflict):
    code = "already_member"
    title: ClassVar[Text] = {"pt-BR": "Já faz parte da conta", "en": "Already in the account"}
    detail: ClassVar[Text] = {
        "pt-BR": "Esta pessoa já faz parte da conta. Veja /users; se estiver desativada, reative-a. Nada foi gravado.",
        "en": "This person is in the account already. See /users; if deactivated, activate them. Nothing was written.",
    }


class ScopesTooWide(Forbidden):
    """`scopes` lists those that the maker of the key does not hold."""

    code = "scopes_too_wide"
    detail: ClassVar[Text] = {
        "pt-BR": "Uma chave não pode mais do que quem a cria. Tire estes escopos: {scopes}. Nada foi gravado.",
        "en": "A key can do no more than its maker. Leave out these scopes: {scopes}. Nothing was written.",
    }
