"""The authorization page: one form for a person in a browser and for a script."""

import secrets
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .gateway import Simulator, form_body
from .model import Application, AuthorizationCode, Seller
from .oauth import CODE_LIFE
from .state import World

ECHOED = ("response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method")
PAGE = Template((Path(__file__).parent / "consent.html").read_text(encoding="utf-8"))
PERMISSIONS = (
    "Ler anúncios, pedidos e dados da conta",
    "Alterar anúncios: preço, estoque e situação",
    "Continuar com acesso enquanto você não estiver conectado",
)


async def show(sim: Simulator, request: Request) -> Response:
    """`GET /authorization`: who asks, for what, and for which seller."""
    query = {name: request.query_params.get(name, "") for name in ECHOED}
    app, refusal = _check(sim.world, query)
    if app is None:
        return _refused(refusal)
    return HTMLResponse(_consent_page(sim.world, app, query))


async def decide(sim: Simulator, request: Request) -> Response:
    """`POST /authorization`: send the person back with a code or with an error, and with the `state` that came."""
    form = dict(await form_body(request))
    app, refusal = _check(sim.world, form)
    if app is None:
        return _refused(refusal)
    if form.get("decision") == "deny":
        return _back(form, error="access_denied", error_description="the seller denied the authorization")
    chosen = form.get("seller_id") or form.get("user_id", "")
    seller = sim.world.sellers.get(int(chosen)) if chosen.isdecimal() else None
    if form.get("decision") != "allow" or seller is None:
        return _refused("Escolha um vendedor e uma das duas respostas.")
    if seller.operator_of is not None:
        # Only the account's main user may grant; a collaborator comes back with this error and no grant.
        return _back(form, error="invalid_operator_user_id", error_description="the user is an operator, not the owner")
    code = AuthorizationCode(
        code=f"TG-{secrets.token_hex(12)}-{seller.id}",
        client_id=app.client_id,
        user_id=seller.id,
        redirect_uri=form["redirect_uri"],
        challenge=form.get("code_challenge") or None,
        challenge_method=form.get("code_challenge_method") or "plain",
        expires_ms=sim.world.clock.now_ms() + CODE_LIFE,
    )
    sim.world.save_code(code)
    return _back(form, code=code.code)


def _check(world: World, query: dict[str, str]) -> tuple[Application | None, str]:
    """The application that asks, or why the page will not even redirect."""
    app = world.apps.get(query.get("client_id", ""))
    if app is None:
        return None, "O aplicativo que pede acesso não existe."
    if app.blocked:
        return None, "O aplicativo que pede acesso está bloqueado."
    if query.get("redirect_uri") not in app.redirect_uris:
        return None, "O endereço de retorno não é igual a nenhum dos endereços registrados pelo aplicativo."
    if query.get("response_type") != "code":
        return None, "O pedido de autorização precisa de response_type=code."
    if query.get("code_challenge_method", "") not in ("", "S256", "plain"):
        return None, "O método de PKCE precisa ser S256 ou plain."
    return app, ""


def _back(form: dict[str, str], **result: str) -> Response:
    if form.get("state"):
        result["state"] = form["state"]
    uri = form["redirect_uri"]
    return RedirectResponse(f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(result)}", status_code=302)


def _refused(reason: str) -> Response:
    body = (
        f"<h1>Não foi possível conectar</h1><p class='lead'>O aplicativo não pode ser conectado à sua conta.</p>"
        f"<p class='notice' role='alert'>{escape(reason)}</p>"
    )
    return HTMLResponse(PAGE.substitute(title="Não foi possível conectar", body=body), status_code=400)


def _consent_page(world: World, app: Application, query: dict[str, str]) -> str:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in query.items() if value)
    options = "".join(_option(seller) for seller in world.sellers.values())
    permissions = "".join(f"<li>{escape(text)}</li>" for text in PERMISSIONS)
    host = urlsplit(query["redirect_uri"]).netloc
    empty = "" if options else '<p class="notice" role="status">Nenhum vendedor foi criado ainda.</p>'
    body = f"""
<p class="eyebrow">Conectar aplicativo</p>
<h1><strong>{escape(app.name)}</strong> quer acessar a sua conta</h1>
<p class="lead">Se você autorizar, o aplicativo poderá:</p>
<ul class="permissions">{permissions}</ul>
<form method="post" action="/authorization">{hidden}
<label for="seller_id">Entrar como</label>
<select id="seller_id" name="seller_id"{"" if options else " disabled"}>{options}</select>{empty}
<div class="actions">
<button type="submit" name="decision" value="deny" class="quiet">Negar</button>
<button type="submit" name="decision" value="allow"{"" if options else " disabled"}>Autorizar</button>
</div>
</form>
<p class="foot">Você voltará para <strong>{escape(host)}</strong>.
O acesso pode ser retirado a qualquer momento nas configurações da conta.</p>"""
    return PAGE.substitute(title=f"Autorizar {escape(app.name)}", body=body)


def _option(seller: Seller) -> str:
    note = " (colaborador)" if seller.operator_of is not None else ""
    return f'<option value="{seller.id}">{escape(seller.nickname)} · {seller.id}{note}</option>'
