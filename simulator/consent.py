"""The authorization page: one form for a person in a browser and for a script, in the language of the country's host."""

import secrets
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .clock import SECOND
from .consent_texts import TEXTS, Texts
from .errors import not_found
from .gateway import Simulator, form_body
from .model import Application, AuthorizationCode, Seller
from .permissions import SCOPES
from .sites import BY_HOST, SITES
from .state import World

ECHOED = ("response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method")
PAGE = Template((Path(__file__).parent / "consent.html").read_text(encoding="utf-8"))


def _site(request: Request) -> str | None:
    """The country whose page this is, by the path's host or the request's own; None on the page for every country."""
    named = request.path_params.get("auth_host")
    if named is not None and named not in BY_HOST:
        raise not_found(f"{named} is not an authorization host")
    return BY_HOST.get(named or request.headers.get("host", "").partition(":")[0])


def _texts(site_id: str | None) -> Texts:
    return TEXTS[SITES[site_id or "MLB"].language]


async def show(sim: Simulator, request: Request) -> Response:
    """`GET /authorization`: who asks, for what, and for which seller."""
    site_id, query = _site(request), {name: request.query_params.get(name, "") for name in ECHOED}
    app, refusal = _check(sim.world, query)
    if app is None:
        return _refused(_texts(site_id), refusal)
    return HTMLResponse(_consent_page(sim.world, app, query, site_id, request.url.path))


async def decide(sim: Simulator, request: Request) -> Response:
    """`POST /authorization`: send the person back with a code or with an error, and with the `state` that came."""
    site_id, form = _site(request), dict(await form_body(request))
    world, texts = sim.world, _texts(site_id)
    app, refusal = _check(world, form)
    if app is None:
        return _refused(texts, refusal)
    if form.get("decision") == "deny":
        return _back(form, error=world.chaos.denial_error, error_description="the seller denied the authorization")
    chosen = form.get("seller_id") or form.get("user_id", "")
    seller = world.sellers.get(int(chosen)) if chosen.isdecimal() else None
    if form.get("decision") != "allow" or seller is None or site_id not in (None, seller.site_id):
        return _refused(texts, "choose")
    if seller.pending_kyc or app.owner_pending_kyc or not seller.active:
        return _refused(texts, "kyc")
    if (error := _error(world, app, seller, form)) is not None:
        return _back(form, error=error[0], error_description=error[1])
    code = AuthorizationCode(
        code=f"TG-{secrets.token_hex(12)}-{seller.id}",
        client_id=app.client_id,
        user_id=seller.id,
        redirect_uri=form["redirect_uri"],
        challenge=form.get("code_challenge") or None,
        challenge_method=form.get("code_challenge_method") or "plain",
        expires_ms=world.clock.now_ms() + world.chaos.code_life_seconds * SECOND,
    )
    world.save_code(code)
    return _back(form, code=code.code)


def _error(world: World, app: Application, seller: Seller, form: dict[str, str]) -> tuple[str, str] | None:
    """The error with which the seller is sent back although the answer was yes."""
    if any(scope not in SCOPES for scope in form.get("scope", "").split()):
        return "invalid_scope", f"the scopes are {', '.join(SCOPES)}"
    if seller.operator_of is not None:
        # Only the account's main user may grant; a collaborator comes back with this error and no grant.
        return "invalid_operator_user_id", "the user is an operator, not the owner"
    if app.pkce and not form.get("code_challenge") and world.chaos.pkce_checked_at == "consent":
        return "invalid_request", "code_challenge is a required parameter"
    return None


def _check(world: World, query: dict[str, str]) -> tuple[Application | None, str]:
    """The application that asks, or the name of the reason why the page will not even redirect."""
    app = world.apps.get(query.get("client_id", ""))
    if app is None:
        return None, "unknown_app"
    if app.blocked:
        return None, "blocked_app"
    if query.get("redirect_uri") not in app.redirect_uris:
        return None, "redirect_uri"
    if query.get("response_type") != "code":
        return None, "response_type"
    if query.get("code_challenge_method", "") not in ("", "S256", "plain"):
        return None, "pkce_method"
    return app, ""


def _back(form: dict[str, str], **result: str) -> Response:
    if form.get("state"):
        result["state"] = form["state"]
    uri = form["redirect_uri"]
    return RedirectResponse(f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(result)}", status_code=302)


def _page(texts: Texts, title: str, body: str) -> str:
    return PAGE.substitute(lang=texts.lang, brand=texts.brand, title=escape(title), body=body)


def _refused(texts: Texts, reason: str) -> Response:
    body = (
        f"<h1>{texts.cannot_connect}</h1><p class='lead'>{texts.not_connectable}</p>"
        f"<p class='notice' role='alert'>{texts.reasons[reason]}</p>"
    )
    return HTMLResponse(_page(texts, texts.cannot_connect, body), status_code=400)


def _consent_page(world: World, app: Application, query: dict[str, str], site_id: str | None, action: str) -> str:
    texts = _texts(site_id)
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in query.items() if value)
    sellers = [seller for seller in world.sellers.values() if site_id in (None, seller.site_id)]
    options = "".join(_option(texts, seller) for seller in sellers)
    permissions = "".join(f"<li>{text}</li>" for text in texts.permissions)
    host = urlsplit(query["redirect_uri"]).netloc
    empty = "" if options else f'<p class="notice" role="status">{texts.no_sellers}</p>'
    body = f"""
<p class="eyebrow">{texts.eyebrow}</p>
<h1><strong>{escape(app.name)}</strong> {texts.wants_access}</h1>
<p class="lead">{texts.lead}</p>
<ul class="permissions">{permissions}</ul>
<form method="post" action="{escape(action)}">{hidden}
<label for="seller_id">{texts.enter_as}</label>
<select id="seller_id" name="seller_id"{"" if options else " disabled"}>{options}</select>{empty}
<div class="actions">
<button type="submit" name="decision" value="deny" class="quiet">{texts.deny}</button>
<button type="submit" name="decision" value="allow"{"" if options else " disabled"}>{texts.allow}</button>
</div>
</form>
<p class="foot">{texts.going_back} <strong>{escape(host)}</strong>.
{texts.foot}</p>"""
    return _page(texts, f"{texts.allow} {app.name}", body)


def _option(texts: Texts, seller: Seller) -> str:
    note = f" ({texts.operator})" if seller.operator_of is not None else ""
    return f'<option value="{seller.id}">{escape(seller.nickname)} · {seller.id}{note}</option>'
