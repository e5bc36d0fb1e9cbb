"""What only the operator invokes."""

from __future__ import annotations

from cdk_app.function_spec import FunctionSpec, Parameter, Purpose, QueueName
from cdk_app.function_table.needs import ANCHORS, TOMBSTONES

OPERATIONS = FunctionSpec(
    name="operations",
    summary="Migrations and the command line's verbs, inside the network, with the owner's credentials.",
    timeout_seconds=900,
    memory_mib=1024,
    database=True,
    owner=True,
    cache=True,
    secrets=tuple(Purpose),
    writes_secrets=(Purpose.JWT, Purpose.ENCRYPTION, Purpose.WEBHOOKS),
    parameters=tuple(Parameter),
    writes_parameters=(Parameter.JWKS,),
    reads_data=(ANCHORS, TOMBSTONES),
    writes_data=(ANCHORS, TOMBSTONES),
    erases_data=("tenants/*", "static/whitelabel/*"),
    sends=(QueueName.JOBS,),
)
