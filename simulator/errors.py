"""Error answers, in the shapes of Mercado Livre's documentation."""

from typing import Any

from starlette.responses import JSONResponse


class ApiError(Exception):
    """An answer that is not a success: raised anywhere below a route, rendered in one place."""

    def __init__(self, status: int, error: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "error": error, "status": status, "cause": []} | more

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status)


class OAuthError(ApiError):
    """The token endpoint's shape, which says `error_description` instead of `message`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(status, error, description)
        self.body = {"error": error, "error_description": description, "status": status, "cause": []}


def bad_request(message: str, error: str = "bad_request") -> ApiError:
    return ApiError(400, error, message)


def unauthorized(message: str, shape: str = "code") -> ApiError:
    """The gateway's 401 in one of the bodies that were seen: with a code, without it, or as it was years ago."""
    if shape == "old":
        return ApiError(401, "not_found", "invalid_token")
    return ApiError(401, "unauthorized", message, **({"code": "unauthorized"} if shape == "code" else {}))


def forbidden(message: str) -> ApiError:
    return ApiError(403, "access_denied", message, code="FORBIDDEN")


def not_found(message: str, error: str = "not_found") -> ApiError:
    return ApiError(404, error, message)


def invalid_item(code: str, message: str) -> ApiError:
    cause = {"department": "items", "cause_id": 0, "type": "error", "code": code, "references": [], "message": message}
    return ApiError(400, "validation_error", "Validation error", cause=[cause])
