"""The second factor: an authenticator app, and the codes for the day it is lost."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import SHOWN_ONCE, client_ip, http_routes, sender
from painelml.identity import account, second_factor
from painelml.identity.models import CodeGiven, Proof, ProofWithCode, RecoveryCodes, TotpBegun, TotpStatus
from painelml.identity.permissions import current_tenant, in_person

router = http_routes()


@router.get("/auth/totp")
@in_person
def read_totp() -> TotpStatus:
    with tenant_session(current_tenant()) as session:
        return second_factor.status(session, current_caller())


@router.post("/auth/totp", status_code=201)
@in_person
def begin_totp(body: Proof) -> Response[TotpBegun]:
    begun = account.begin_totp(current_caller(), body, address=client_ip(router.current_event.raw_event))
    return Response(201, "application/json", begun, SHOWN_ONCE)


@router.post("/auth/totp/confirm")
@in_person
def confirm_totp(body: CodeGiven) -> Response[RecoveryCodes]:
    codes = account.confirm_totp(current_caller(), body.code.get_secret_value(), **sender(router.current_event.raw_event))
    return Response(200, "application/json", codes, SHOWN_ONCE)


@router.post("/auth/totp/disable", status_code=204)
@in_person
def give_up_totp(body: ProofWithCode) -> Response[None]:
    account.give_up_totp(current_caller(), body, **sender(router.current_event.raw_event))
    return Response(204)
