"""Who is calling, and how one comes in."""

from __future__ import annotations

from cdk_app.function_spec import FunctionSpec, Parameter, Purpose, QueueName, Route

AUTHORIZER = FunctionSpec(
    name="authorizer",
    summary="Who is calling: a signed token or an API key becomes a tenant, a user and their rights.",
    timeout_seconds=10,
    database=True,  # for API keys only: a signed token is proved without it (docs/decisions/0041)
    directory_only=True,
    parameters=(Parameter.JWKS,),
    hot=True,
)

IDENTITY = (
    FunctionSpec(
        name="auth",
        summary="Sign-up, sign-in, refresh, sign-out, and who am I.",
        timeout_seconds=29,
        memory_mib=1024,  # argon2id wants CPU, which Lambda gives by memory
        database=True,
        cache=True,
        secrets=(Purpose.JWT, Purpose.ENCRYPTION),
        parameters=(Parameter.JWKS,),
        sends=(QueueName.JOBS,),
        routes=(
            Route(path="auth", itself=False, below=True, public=True),
            Route(path=".well-known", itself=False, below=True, public=True),
            # Exact beside the public proxy: API Gateway takes the more exact of two.
            Route(path="auth/switch-tenant"),
            Route(path="me"),
        ),
    ),
    FunctionSpec(
        name="recovery",
        summary="Ways back in: forgotten passwords, proofs of an e-mail, invitations accepted.",
        timeout_seconds=29,
        memory_mib=1024,
        database=True,
        cache=True,
        secrets=(Purpose.ENCRYPTION,),
        sends=(QueueName.JOBS,),
        routes=tuple(
            Route(path=f"auth/{name}", public=True)
            for name in ("forgot-password", "reset-password", "verify-email", "accept-invitation")
        ),
    ),
    FunctionSpec(
        name="account",
        summary="One's own account: password, e-mail, sessions, second factor.",
        timeout_seconds=29,
        memory_mib=1024,
        database=True,
        cache=True,
        secrets=(Purpose.ENCRYPTION,),
        sends=(QueueName.JOBS,),
        routes=(
            Route(path="auth/sessions", below=True),
            Route(path="auth/logout-all"),
            Route(path="auth/totp", below=True),
            Route(path="me/password"),
            Route(path="me/email"),
        ),
    ),
    FunctionSpec(
        name="access",
        summary="Who else may enter a tenant: invitations of people, API keys of programs.",
        timeout_seconds=29,
        database=True,
        secrets=(Purpose.ENCRYPTION,),
        sends=(QueueName.JOBS,),
        routes=(Route(path="invitations", below=True), Route(path="api-keys", below=True)),
    ),
)
