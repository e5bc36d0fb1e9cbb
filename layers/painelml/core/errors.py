"""Every error a caller can meet: a status, a stable code, and a text in pt-BR and en that says what to do (RFC 9457)."""

from __future__ import annotations

from typing import Any, ClassVar

Text = dict[str, str]


class PainelError(Exception):
    """Base of the expected errors. `params` fill the text and travel as members of the problem document."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[Text] = {"pt-BR": "Erro interno", "en": "Internal error"}
    detail: ClassVar[Text] = {
        "pt-BR": "Algo falhou do nosso lado. Tente de novo em instantes; se continuar, informe o request_id ao suporte.",
        "en": "Something failed on our side. Try again shortly; if it persists, give support the request_id.",
    }
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, **params: Any) -> None:
        super().__init__(f"{self.code} {params}" if params else self.code)
        self.params = params

    def fields(self) -> dict[str, str]:
        """The header fields of the answer, where they depend on the case; `headers` otherwise."""
        return self.headers

    def problem(self, language: str, request_id: str) -> dict[str, Any]:
        """The `application/problem+json` body in `language` (`pt-BR` or `en`)."""
        return {
            "type": f"https://painelml.example/problems/{self.code}",
            "title": self.title[language],
            "status": self.status,
            "detail": self.detail[language].format(**self.params),
            "code": self.code,
            "request_id": request_id,
            **self.params,
        }


class InvalidRequest(PainelError):
    """`errors` is a list of `{field, message}`."""

    status = 400
    code = "invalid_request"
    title: ClassVar[Text] = {"pt-BR": "Pedido inválido", "en": "Invalid request"}
    detail: ClassVar[Text] = {
        "pt-BR": "Corrija os campos listados em errors e envie de novo. Nada foi gravado.",
        "en": "Correct the fields listed in errors and send again. Nothing was written.",
    }


class MalformedJson(InvalidRequest):
    code = "malformed_json"
    detail: ClassVar[Text] = {
        "pt-BR": "O corpo não é um JSON válido em UTF-8. Nada foi gravado.",
        "en": "The body is not valid JSON in UTF-8. Nothing was written.",
    }


class BodyTooLarge(PainelError):
    status = 413
    code = "body_too_large"
    title: ClassVar[Text] = {"pt-BR": "Corpo grande demais", "en": "Body too large"}
    detail: ClassVar[Text] = {
        "pt-BR": "O corpo passa de {limit_bytes} bytes. Envie menos dados por pedido.",
        "en": "The body is over {limit_bytes} bytes. Send less data per request.",
    }


class UnsupportedContentType(PainelError):
    status = 415
    code = "unsupported_content_type"
    title: ClassVar[Text] = {"pt-BR": "Tipo de conteúdo não aceito", "en": "Content type not accepted"}
    detail: ClassVar[Text] = {
        "pt-BR": "Envie o corpo como application/json. Nada foi gravado.",
        "en": "Send the body as application/json. Nothing was written.",
    }


class Unauthenticated(PainelError):
    status = 401
    code = "unauthenticated"
    title: ClassVar[Text] = {"pt-BR": "Não autenticado", "en": "Not authenticated"}
    detail: ClassVar[Text] = {
        "pt-BR": "Entre de novo e envie o token em Authorization: Bearer.",
        "en": "Log in again and send the token in Authorization: Bearer.",
    }
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(PainelError):
    status = 403
    code = "forbidden"
    title: ClassVar[Text] = {"pt-BR": "Sem permissão", "en": "Not permitted"}
    detail: ClassVar[Text] = {
        "pt-BR": "Seu papel não permite esta ação. Peça a um OWNER ou ADMIN da conta.",
        "en": "Your role does not permit this. Ask an OWNER or ADMIN of the account.",
    }


class NotFound(PainelError):
    """Also the answer for another tenant's id, so that ids cannot be probed."""

    status = 404
    code = "not_found"
    title: ClassVar[Text] = {"pt-BR": "Não encontrado", "en": "Not found"}
    detail: ClassVar[Text] = {
        "pt-BR": "Não há nada com este endereço ou identificador nesta conta.",
        "en": "There is nothing at this address or with this id in this account.",
    }


class Conflict(PainelError):
    status = 409
    code = "conflict"
    title: ClassVar[Text] = {"pt-BR": "Conflito", "en": "Conflict"}
    detail: ClassVar[Text] = {
        "pt-BR": "O estado atual não permite esta ação. Leia o recurso de novo e tente outra vez.",
        "en": "The present state does not allow this. Read the resource again and retry.",
    }


class ServiceUnavailable(PainelError):
    status = 503
    code = "service_unavailable"
    title: ClassVar[Text] = {"pt-BR": "Indisponível no momento", "en": "Unavailable right now"}
    detail: ClassVar[Text] = {
        "pt-BR": "Um serviço de que dependemos não respondeu. Nada foi gravado; tente de novo em alguns segundos.",
        "en": "A service we depend on did not answer. Nothing was written; try again in a few seconds.",
    }
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class DatabaseUnavailable(ServiceUnavailable):
    """PostgreSQL could not be reached, or dropped the connection before the transaction was committed."""

    code = "database_unavailable"


class RetryLater(Exception):
    """A worker's message cannot be done now: send a copy after `seconds` (≤ 900, an SQS limit) and drop this one."""

    def __init__(self, seconds: int, reason: str) -> None:
        super().__init__(reason)
        self.seconds = max(0, min(seconds, 900))
