"""Mercado Livre accounts, and what was synchronised from them."""

from __future__ import annotations

from cdk_app.function_spec import FunctionSpec, Parameter, QueueName, Route
from cdk_app.function_table.needs import MERCADO_LIVRE_CALLER

MARKETPLACE = (
    FunctionSpec(
        name="connect",
        summary="Connecting a Mercado Livre account: to the consent page, and back from it.",
        timeout_seconds=29,
        database=True,
        cache=True,
        secrets=MERCADO_LIVRE_CALLER,
        parameters=(Parameter.API_URL, Parameter.WEB_URL),
        sends=(QueueName.JOBS,),
        routes=(Route(path="ml-accounts/connect"), Route(path="ml-accounts/callback", public=True)),
    ),
    FunctionSpec(
        name="marketplace",
        summary="Mercado Livre accounts: list, disconnect, synchronise.",
        timeout_seconds=29,
        database=True,
        cache=True,
        secrets=MERCADO_LIVRE_CALLER,
        sends=(QueueName.JOBS,),
        routes=(
            Route(path="ml-accounts", below=True),
            Route(path="sync-runs", below=True),
            Route(path="reconciliations", below=True),
        ),
    ),
    FunctionSpec(
        name="sales",
        summary="Items, orders, shipments, payments and packs of the tenant.",
        timeout_seconds=29,
        database=True,
        cache=True,
        sends=(QueueName.JOBS,),
        routes=(
            Route(path="items", below=True),
            Route(path="orders", below=True),
            Route(path="shipments", below=True),
            Route(path="payments"),
            Route(path="packs", itself=False, below=True),
        ),
        hot=True,
    ),
)
