"""One's own account, for someone who logged in: an API key gets nowhere here."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import SHOWN_ONCE, client_ip, entry_point, http_app, language
from painelml.identity import account, second_factor
from painelml.identity import models as m
from painelml.identity.permissions import current_tenant, in_person

app = http_app()


@app.post("/me/password", status_code=204)
@in_person
def change_password(body: m.PasswordChange) -> Response[None]:
    account.change_password(current_caller(), body, **_from())
    return Response(204)


@app.post("/me/email", status_code=202)
@in_person
def change_email(body: m.EmailChange) -> m.Queued:
    return account.change_email(current_caller(), body, **_from())


@app.get("/auth/sessions")
@in_person
def list_sessions() -> list[m.Session]:
    with tenant_session(current_tenant()) as session:
        return account.sessions(session, current_caller())


@app.delete("/auth/sessions/<session_id>", status_code=204)
@in_person
def end_session(session_id: UUID) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        account.end_session(session, current_caller(), session_id)
    return Response(204)


@app.post("/auth/logout-all")
@in_person
def log_out_everywhere() -> m.SessionsEnded:
    with tenant_session(current_tenant()) as session:
        return account.end_sessions(session, current_caller())


@app.get("/auth/totp")
@in_person
def read_totp() -> m.TotpStatus:
    with tenant_session(current_tenant()) as session:
        return second_factor.status(session, current_caller())


@app.post("/auth/totp", status_code=201)
@in_person
def begin_totp(body: m.Proof) -> Response[m.TotpBegun]:
    begun = account.begin_totp(current_caller(), body, address=_from()["address"])
    return Response(201, "application/json", begun, SHOWN_ONCE)


@app.post("/auth/totp/confirm")
@in_person
def confirm_totp(body: m.CodeGiven) -> Response[m.RecoveryCodes]:
    codes = account.confirm_totp(current_caller(), body.code.get_secret_value(), **_from())
    return Response(200, "application/json", codes, SHOWN_ONCE)


@app.post("/auth/totp/disable", status_code=204)
@in_person
def give_up_totp(body: m.ProofWithCode) -> Response[None]:
    account.give_up_totp(current_caller(), body, **_from())
    return Response(204)


def _from() -> dict[str, str]:
    event = app.current_event.raw_event
    return {"address": client_ip(event), "language": language(event)}


handler = entry_point(app)
