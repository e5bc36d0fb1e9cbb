"""Connecting a seller: OAuth 2.0 with state and PKCE, bound to the browser and the person who started it.

`state` alone does not tie the consent to a browser: someone could start a connection, have a seller consent to it, and receive
the seller's store. So `begin` also sets a cookie, and `finish` wants the cookie, the state and the same person, still a member.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from painelml.audit import AuditEvent, Detail, record
from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.db import TenantSession, directory_session, tenant_session
from painelml.core.errors import PainelError, ServiceUnavailable
from painelml.core.ids import uuid7
from painelml.core.observability import logger
from painelml.core.secrets import parameter
from painelml.marketplace.accounts import queries, routes, states, token_copies, tokens
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.accounts.schedules import schedule_all
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.accounts.states import KeptState
from painelml.marketplace.api import client, oauth
from painelml.marketplace.api.answers import CODE
from painelml.marketplace.api.oauth import Grant
from painelml.marketplace.api.transport import Bearer
from painelml.marketplace.errors import (
    AccountLimitReached,
    CallRefused,
    ConnectionRefused,
    ConsentDenied,
    ReconnectRequired,
    SellerTaken,
)
from painelml.plans import service as plans
from painelml.plans.errors import LimitReached
from painelml.plans.models import Entitlement

COOKIE = "painel_ml_connect"
CALLBACK = "/ml-accounts/callback"


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to send the seller, and the cookie that this browser must show on the way back."""

    authorization_url: str
    set_cookie: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection made. `by_web` says that it was started in the web panel, not by a client of the API."""

    account: ConnectedAccount
    user_id: UUID
    by_web: bool


def begin(caller: Caller, *, site_id: str, origin: str) -> Beginning:
    """Starts a connection for `caller`. `origin` is the request's Origin header, empty where there is none."""
    redirect_uri = _redirect_uri(origin)
    new = states.keep(caller.tenant_id, caller.user_id, redirect_uri)
    query = {
        "response_type": "code",
        "client_id": str(client.application_id()),
        "redirect_uri": redirect_uri,
        "state": new.state,
        "code_challenge": new.challenge,
        "code_challenge_method": "S256",
    }
    back = urlsplit(redirect_uri)
    secure = "; Secure" if back.scheme == "https" else ""
    life = int(states.LIFE.total_seconds())
    return Beginning(
        authorization_url=f"{oauth.authorization_page(site_id)}?{urlencode(query)}",
        set_cookie=f"{COOKIE}={new.cookie}; Max-Age={life}; Path={back.path}; HttpOnly; SameSite=Lax{secure}",
        expires_at=new.expires_at,
    )


def finish(*, state: str, code: str | None, error: str | None, cookie: str) -> Connection:
    """Ends a connection when the seller comes back: tokens sealed, the seller routed to the tenant, schedules set.

    Raises ConnectionRefused, ConsentDenied, SellerTaken, AccountLimitReached or ServiceUnavailable; nothing is kept then.
    """
    kept = states.take(state, cookie)
    with tenant_session(kept.tenant_id) as session:
        if not queries.is_active_member(session, kept.user_id):
            raise ConnectionRefused
    if not code:
        raise ConsentDenied(reason=error if error and CODE.fullmatch(error) else "unknown")
    try:
        grant = oauth.exchange_code(code, redirect_uri=kept.redirect_uri, verifier=kept.verifier)
        profile = client.get("/users/me", Bearer(grant.access_token, grant.seller_id)).document
    except CallRefused as refused:
        raise ConsentDenied(reason=refused.code) from None
    account = _connect(kept, grant, nickname=str(profile["nickname"])[:120], site_id=str(profile["site_id"]))
    logger.info("account connected", extra={"account_id": str(account.id), "seller_id": account.seller_id})
    return Connection(account, kept.user_id, by_web=kept.redirect_uri.startswith(parameter("web_url").rstrip("/") + "/api/"))


def _connect(kept: KeptState, grant: Grant, *, nickname: str, site_id: str) -> ConnectedAccount:
    try:
        with tenant_session(kept.tenant_id) as session:
            account_id = _write(session, kept.user_id, grant, nickname=nickname, site_id=site_id)
    except SellerTaken as refusal:
        _enter_refusal(kept, grant, refusal)
        _hand_over(grant)
        raise
    except AccountLimitReached as refusal:
        _enter_refusal(kept, grant, refusal)
        revoke_politely(grant.seller_id, grant.access_token)
        raise
    token_copies.forget(kept.tenant_id, account_id)
    return ConnectedAccount(kept.tenant_id, account_id, grant.seller_id, site_id, "ACTIVE")


def _write(session: TenantSession, user_id: UUID, grant: Grant, *, nickname: str, site_id: str) -> UUID:
    moment = now()
    plans.hold(session, Entitlement.ML_ACCOUNTS)
    if not queries.takes_room(session, grant.seller_id):
        try:
            plans.check_and_consume(session, Entitlement.ML_ACCOUNTS)
        except LimitReached as reached:
            raise AccountLimitReached(**reached.params) from None
    account_id = queries.save_account(
        session,
        account_id=uuid7(),
        seller_id=grant.seller_id,
        site_id=site_id,
        nickname=nickname,
        user_id=user_id,
        moment=moment,
    )
    if not queries.claim_seller(session, seller_id=grant.seller_id, site_id=site_id, account_id=account_id):
        logger.warning("seller is active in another tenant", extra={"seller_id": grant.seller_id})
        raise SellerTaken
    tokens.save(session, account_id, grant)
    schedule_all(session, account_id, moment=moment)
    told: dict[str, Detail] = {"seller_id": grant.seller_id, "site_id": site_id}
    record(session, AuditEvent.ACCOUNT_CONNECTED, actor=user_id, subject=str(account_id), details=told)
    return account_id


def _enter_refusal(kept: KeptState, grant: Grant, refusal: PainelError) -> None:
    """In a transaction of its own: the one of the connection is undone. Who holds the seller stays unsaid."""
    with tenant_session(kept.tenant_id) as session:
        told: dict[str, Detail] = {"seller_id": grant.seller_id, "reason": refusal.code}
        record(session, AuditEvent.ACCOUNT_REFUSED, actor=kept.user_id, details=told)


def _hand_over(grant: Grant) -> None:
    """Mercado Livre keeps one pair per seller: the refused attempt killed the pair of the account that holds the seller.

    The seller gave this permission to the same application, so the new pair goes to that account, which stays connected.
    """
    with directory_session() as session:
        held = routes.find(session, [grant.seller_id]).get(grant.seller_id)
    if held is not None:
        with tenant_session(held.tenant_id) as owner:
            if queries.lock_tokens(owner, held.account_id) is not None:
                tokens.save(owner, held.account_id, grant)
        token_copies.forget(held.tenant_id, held.account_id)


def disconnect(tenant_id: UUID, account_id: UUID, *, actor: UUID | None = None) -> None:
    """Gives the permission back and forgets tokens and route. Items and orders stay."""
    with tenant_session(tenant_id) as session:
        account = connected_account(session, account_id)
    try:
        revoke_politely(account.seller_id, tokens.access_token(tenant_id, account_id))
    except (ReconnectRequired, ServiceUnavailable) as error:
        # Without a live token there is nothing to give back with; forgetting it is what the seller asked for.
        logger.info("disconnected without giving the permission back", extra={"reason": error.code})
    with tenant_session(tenant_id) as session:
        queries.delete_tokens(session, account_id)
        queries.drop_warnings(session, account_id, sorted(account.warnings))
        queries.release_seller(session, account_id)
        queries.set_status(session, account_id, status="DISCONNECTED", reason=None, moment=now())
        plans.settle(session)
        details = {"seller_id": account.seller_id}
        record(session, AuditEvent.ACCOUNT_DISCONNECTED, actor=actor, subject=str(account_id), details=details)
    token_copies.forget(tenant_id, account_id)


def revoke_politely(seller_id: int, access_token: str) -> None:
    """Takes the permission back at Mercado Livre if it answers; what we hold is forgotten either way."""
    try:
        client.revoke(Bearer(access_token, seller_id))
    except (CallRefused, ServiceUnavailable) as error:
        logger.warning("permission not taken back", extra={"seller_id": seller_id, "reason": type(error).__name__})


def _redirect_uri(origin: str) -> str:
    """One of the two registered addresses: the web's own when the panel asks, else the API's."""
    web_url = parameter("web_url").rstrip("/")
    if origin and origin == _origin(web_url):
        return f"{web_url}/api/v1{CALLBACK}"
    return parameter("api_url").rstrip("/") + CALLBACK


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
