"""What one signs in with: password and e-mail."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.http import http_routes, sender
from painelml.identity import account
from painelml.identity.models import EmailChange, PasswordChange, Queued
from painelml.identity.permissions import in_person

router = http_routes()


@router.post("/me/password", status_code=204)
@in_person
def change_password(body: PasswordChange) -> Response[None]:
    account.change_password(current_caller(), body, **sender(router.current_event.raw_event))
    return Response(204)


@router.post("/me/email", status_code=202)
@in_person
def change_email(body: EmailChange) -> Queued:
    return account.change_email(current_caller(), body, **sender(router.current_event.raw_event))
