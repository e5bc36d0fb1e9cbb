"""Who comes, and who one is."""

from __future__ import annotations

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes, sender
from painelml.identity import service
from painelml.identity.models import Me, SignedUp, SignUp
from painelml.identity.permissions import authenticated

router = http_routes()


@router.post("/auth/register", status_code=201)
def register(body: SignUp) -> SignedUp:
    return service.sign_up(body, **sender(router.current_event.raw_event))


@router.get("/me")
@authenticated
def me() -> Me:
    caller = current_caller()
    with tenant_session(caller.tenant_id) as session:
        return service.me(session, caller)
