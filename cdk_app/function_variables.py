"""What a function is told: its environment variables, from its row and from what stands around it."""

from __future__ import annotations

from constructs import Construct

from cdk_app.function_spec import FunctionSpec, Purpose, QueueName
from cdk_app.local import REPOSITORY, LocalAddresses
from cdk_app.secret_names import parameter_prefix
from cdk_app.surroundings import FunctionSurroundings


def environment_variables(scope: Construct, spec: FunctionSpec, around: FunctionSurroundings) -> dict[str, str]:
    """The rows of docs/architecture.md §3 that the function of `spec` needs."""
    environment = around.environment
    variables = {
        "PAINEL_ENV": environment.name,
        "PAINEL_PARAMETERS": parameter_prefix(environment),
        "PAINEL_TRUSTED_HOPS": "0" if environment.is_local else "1",
        "POWERTOOLS_SERVICE_NAME": spec.name,
        # Said, because an emulator hands its own log level down to the functions that it runs.
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    if spec.database:
        variables |= {
            "PAINEL_DATABASE_URL": around.database.url,
            "PAINEL_DATABASE_AUTH": around.database.auth,
        }
    if spec.owner:
        variables["PAINEL_OWNER_DATABASE_URL"] = around.database.owner_url
        if around.database.owner_secret:
            variables["PAINEL_OWNER_SECRET"] = around.database.owner_secret.secret_arn
    if spec.cache:
        variables["PAINEL_CACHE_URL"] = around.cache.url
        if around.cache.secret:
            variables["PAINEL_CACHE_SECRET"] = around.cache.secret.secret_arn
    if spec.mail:
        variables["PAINEL_MAIL_FROM"] = environment.mail_from
    for purpose in spec.secrets:
        variables[f"PAINEL_SECRET_{purpose.upper()}"] = around.secret_name(purpose)
    for queue in dict.fromkeys((*spec.sends, *spec.inspects)):
        variables[f"PAINEL_QUEUE_{queue.name}"] = around.queues[queue].queue_url
    if QueueName.JOBS in spec.sends:
        variables["PAINEL_TENANT_IN_FLIGHT"] = str(around.profile.workers.tenant_in_flight)
    if spec.uses_data:
        variables["PAINEL_DATA_BUCKET"] = around.data_bucket.bucket_name
    if around.origin_value and spec.routes:
        variables["PAINEL_ORIGIN_SECRET"] = around.origin_value
    if environment.is_local:
        variables |= _local_variables(scope, spec)
    return variables


def _local_variables(scope: Construct, spec: FunctionSpec) -> dict[str, str]:
    """The laptop's: functions run on the emulator's interpreter and import the library from the repository."""
    local = LocalAddresses.of(scope)
    variables = {
        "AWS_ENDPOINT_URL": local.emulator_url,
        # The migrations lie at the repository's root, and only operations has them on AWS too.
        "PYTHONPATH": f"{REPOSITORY / 'layers'}:{REPOSITORY}" if spec.owner else str(REPOSITORY / "layers"),
        # A new value makes the emulator replace its warm workers, which would go on with the old code.
        "PAINEL_CODE_VERSION": local.code_version,
    }
    if Purpose.MERCADO_LIVRE in spec.secrets:
        variables["PAINEL_MERCADO_LIVRE_API_URL"] = local.simulator_url
        variables["PAINEL_MERCADO_LIVRE_AUTH_URL"] = local.simulator_url
    return variables
