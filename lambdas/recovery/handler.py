"""Ways back in for people who are not logged in: a forgotten password, a proof of an e-mail, an invitation."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from painelml.core.http import entry_point, http_app, language, sender
from painelml.identity import recovery
from painelml.identity.models import Acceptance, Accepted, EmailProof, ForgottenPassword, PasswordReset, Queued

app = http_app()


@app.post("/auth/forgot-password", status_code=202)
def forget_password(body: ForgottenPassword) -> Queued:
    return recovery.forget_password(body, **sender(app.current_event.raw_event))


@app.post("/auth/reset-password", status_code=204)
def reset_password(body: PasswordReset) -> Response[None]:
    recovery.reset_password(body, language=language(app.current_event.raw_event))
    return Response(204)


@app.post("/auth/verify-email", status_code=204)
def verify_email(body: EmailProof) -> Response[None]:
    recovery.verify_email(body, language=language(app.current_event.raw_event))
    return Response(204)


@app.post("/auth/accept-invitation", status_code=201)
def accept_invitation(body: Acceptance) -> Accepted:
    return recovery.accept_invitation(body)


handler = entry_point(app)
