"""The token endpoint: authorization codes in, rotating refresh tokens out."""

import base64
import hashlib
import hmac
import secrets
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, SECOND
from .errors import OAuthError
from .gateway import IDLE_LIFE, Simulator, answer, form_body
from .model import AccessToken, Application, AuthorizationCode, Grant
from .permissions import SCOPES
from .state import World

REFRESH_LIFE = 180 * DAY
FORM = "application/x-www-form-urlencoded"


async def token(sim: Simulator, request: Request) -> Response:
    """`POST /oauth/token`: form-encoded only, parameters in the body, each at most once."""
    pairs = await form_body(request)
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise OAuthError("invalid_request", f"the content type must be {FORM}")
        repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        if repeated:
            raise OAuthError("invalid_request", f"duplicated parameter: {repeated[0]}")
        # Nothing below awaits, so two refreshes with the same token cannot both find it alive.
        return answer(exchange(sim.world, dict(pairs)))
    except OAuthError as error:
        if sim.world.chaos.oauth_error_message:
            error.body["message"] = error.body.pop("error_description")
        raise


def exchange(world: World, form: dict[str, str]) -> dict[str, Any]:
    """Answer a token request, or raise the error that it deserves."""
    kind = form.get("grant_type")
    if kind is None:
        raise OAuthError("invalid_request", "missing parameter: grant_type")
    if kind not in ("authorization_code", "refresh_token"):
        raise OAuthError("unsupported_grant_type", f"unsupported grant_type: {kind}")
    if any(scope not in SCOPES for scope in form.get("scope", "").split()):
        raise OAuthError("invalid_scope", f"the scopes are {', '.join(SCOPES)}")
    app = _client(world, form)
    if kind == "authorization_code":
        return _redeem(world, app, form)
    return _refresh(world, app, form)


def _required(form: dict[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthError("invalid_request", f"missing parameter: {name}")
    return value


def _client(world: World, form: dict[str, str]) -> Application:
    app = world.apps.get(_required(form, "client_id"))
    secret = _required(form, "client_secret")
    if app is None or not any(hmac.compare_digest(one.encode(), secret.encode()) for one in _secrets(world, app)):
        raise OAuthError("invalid_client", "invalid client_id or client_secret")
    if app.blocked:
        raise OAuthError("unauthorized_application", "the application is blocked", 401)
    return app


def _secrets(world: World, app: Application) -> list[str]:
    """The secrets that work: one, or two while a scheduled renewal waits for its moment."""
    if app.old_secret is not None and world.clock.now_ms() < app.old_secret_until_ms:
        return [app.client_secret, app.old_secret]
    return [app.client_secret]


def _redeem(world: World, app: Application, form: dict[str, str]) -> dict[str, Any]:
    text, redirect_uri = _required(form, "code"), _required(form, "redirect_uri")
    code = world.codes.get(text)
    if code is None or code.client_id != app.client_id:
        raise OAuthError("invalid_grant", "the code is unknown, used or another client's")
    # The application must use PKCE, yet the consent page let it pass without: Mercado Livre complains only here.
    if app.pkce and (code.challenge is None or not form.get("code_verifier")):
        world.take_code(text)
        world.count_token_call(app.client_id, code.user_id, "refused")
        raise OAuthError("invalid_request", "code_verifier is a required parameter")
    world.take_code(text)
    reason = _refusal(world, code, redirect_uri, form.get("code_verifier", ""))
    if reason is not None:
        world.count_token_call(app.client_id, code.user_id, "refused")
        raise OAuthError("invalid_grant", reason)
    world.count_token_call(app.client_id, code.user_id, "authorization_code")
    return issue(world, app, code.user_id)


def _refusal(world: World, code: AuthorizationCode, redirect_uri: str, verifier: str) -> str | None:
    if code.expires_ms <= world.clock.now_ms():
        return "the code has expired"
    if code.redirect_uri != redirect_uri:
        return "redirect_uri is not the one of the authorization request"
    if code.challenge is not None and not _verifies(code, verifier):
        return "code_verifier does not match the challenge"
    if world.sellers[code.user_id].pending_kyc:
        return "the user has pending documents"
    return None


def _verifies(code: AuthorizationCode, verifier: str) -> bool:
    if code.challenge_method == "S256":
        verifier = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), (code.challenge or "").encode())


def _refresh(world: World, app: Application, form: dict[str, str]) -> dict[str, Any]:
    text = _required(form, "refresh_token")
    grant = world.refresh_tokens.get(text)
    now = world.clock.now_ms()
    if grant is None or grant.client_id != app.client_id:
        # The tail of a token names its user, which is enough to count a lost race against the right account.
        tail = text.rpartition("-")[2]
        if tail.isdecimal() and int(tail) in world.sellers:
            world.count_token_call(app.client_id, int(tail), "refused")
        raise OAuthError("invalid_grant", "the refresh token is unknown, used, revoked or another client's")
    if set(form.get("scope", "").split()) - set(grant.scopes):
        raise OAuthError("unauthorized_client", "the grant lacks the scopes asked for")
    if grant.refresh_expires_ms <= now or now - grant.last_used_ms > IDLE_LIFE:
        world.count_token_call(app.client_id, grant.user_id, "refused")
        raise OAuthError("invalid_grant", "the refresh token has expired")
    if world.sellers[grant.user_id].pending_kyc:
        world.count_token_call(app.client_id, grant.user_id, "refused")
        raise OAuthError("invalid_grant", "the user has pending documents")
    world.count_token_call(app.client_id, grant.user_id, "refresh_token")
    return issue(world, app, grant.user_id, grant.scopes)


def issue(world: World, app: Application, user_id: int, scopes: list[str] | None = None) -> dict[str, Any]:
    """Make a new token pair; the pair's refresh token is from now on the only one that works.

    A refresh keeps the `scopes` of its grant; a new consent takes those of the application.
    """
    now = world.clock.now_ms()
    before = world.grants.get((app.client_id, user_id))
    if before is not None:
        world.refresh_tokens.pop(before.refresh_token, None)
    if world.chaos.access_dies_on_refresh:
        world.drop_access_tokens(app.client_id, user_id)
    world.drop_access_tokens(app.client_id, expired_before=now)
    access = AccessToken(
        f"APP_USR-{app.client_id}-{secrets.token_hex(16)}-{user_id}",
        app.client_id,
        user_id,
        now + app.expires_in * SECOND,
    )
    scopes = list(app.scopes if scopes is None else scopes)
    offline = "offline_access" in scopes
    grant = Grant(
        client_id=app.client_id,
        user_id=user_id,
        date_created=before.date_created if before else now,
        refresh_token=f"TG-{secrets.token_hex(12)}-{user_id}" if offline else "",
        refresh_expires_ms=now + REFRESH_LIFE,
        last_used_ms=now,
        scopes=scopes,
    )
    world.save_access_token(access)
    world.save_grant(grant)
    pair = {
        "access_token": access.token,
        "token_type": "bearer",
        "expires_in": app.expires_in,
        "scope": " ".join(scopes),
        "user_id": user_id,
    }
    return pair | {"refresh_token": grant.refresh_token} if offline else pair
