"""A tenant's own affairs, and the platform's view of all of them."""

from __future__ import annotations

from cdk_app.function_spec import FunctionSpec, QueueName, Route
from cdk_app.function_table.needs import EXPORTS

TENANCY = (
    FunctionSpec(
        name="tenants",
        summary="The tenant and its people.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="tenant", below=True), Route(path="settings"), Route(path="users", below=True)),
    ),
    FunctionSpec(
        name="branding",
        summary="How a tenant looks, for itself and before anyone has signed in.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="branding"), Route(path="branding/public", public=True)),
    ),
    FunctionSpec(
        name="billing",
        summary="Plans and prices for everyone; a tenant's own subscription.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="billing/plans", public=True), Route(path="billing/subscription")),
    ),
    FunctionSpec(
        name="records",
        summary="The audit log, and the tenant's own copy of its data.",
        timeout_seconds=29,
        database=True,
        sends=(QueueName.JOBS,),
        reads_data=(EXPORTS,),
        routes=(Route(path="audit-log"), Route(path="tenant/export"), Route(path="tenant/exports", below=True)),
    ),
    FunctionSpec(
        name="platform",
        summary="All tenants, for the platform's own people.",
        timeout_seconds=29,
        database=True,
        cache=True,
        routes=(Route(path="admin", itself=False, below=True),),
    ),
)
