"""`painel up` and `painel down`: the same templates as on AWS, on a laptop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from requests import RequestException

from cdk_app.environments import environment_named
from ops import demo, deploy, emulator, endpoints, marketplace, postgres, valkey, web
from ops.aws import LocalAws
from ops.console import Report
from ops.endpoints import Endpoints
from ops.errors import OperationError
from ops.home import Home
from ops.seller import SellerFailure

PREFIX = "/painelml/local"
EDGE_STACK = "painelml-local-edge"
DEPLOYED = f"{PREFIX}/deployed"
KEYS = ("jwt", "encryption", "webhooks")
STRIPE_PATH = "webhooks/stripe"
MERCADO_LIVRE_PATH = "webhooks/mercado-livre"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`auth`: functions get their own roles' credentials. `with_demo`: load the demo tenant.

    The rest is for tests: `app` replaces the CDK app's command, `context` is added to its context, and `operate` False
    leaves out keys and migrations.
    """

    auth: bool = False
    with_demo: bool = True
    app: str | None = None
    context: Mapping[str, str] | None = None
    operate: bool = True


def up(home: Home, report: Report, options: Options) -> Endpoints:
    """Start what is not running, deploy what has changed, write the endpoints. Can be repeated; raises OperationError."""
    _start_parts(home, report, auth=options.auth)
    aws = LocalAws(home)
    context = _context(home) | dict(options.context or {})
    made_of = _fingerprint(context, options)
    # The emulator itself remembers what it holds: one that was killed comes back without it, or with something older.
    if aws.parameter(DEPLOYED) != made_of:
        _deploy(home, report, options, context)
        if options.operate:
            _operate(home, report)
            _publish_web(home, report)
        aws.set_parameter(DEPLOYED, made_of)
    found = _endpoints(home)
    if options.operate:
        marketplace.register_application(home, api_url=found.api_url, notifications_url=found.webhook_urls["mercado-livre"])
    if options.with_demo:
        found = replace(found, demo={"email": demo.EMAIL, "password": demo.PASSWORD})
    endpoints.save(home, found)
    if options.with_demo:
        _load_demo(home, report, found)
    return found


def _load_demo(home: Home, report: Report, found: Endpoints) -> None:
    """Once for each database: it outlives everything else. A load that was cut short is taken up again."""
    if home.section("demo").get("database") == found.database_url:
        return
    try:
        with report.step("Demo shop: 90 days of trade, synchronised from the simulator"):
            demo.load(found.as_json(), report.say)
    except (SellerFailure, RequestException) as error:
        raise OperationError(
            "The system runs, but its demo shop could not be loaded.",
            why=str(error),
            do="`painel status` shows which part is not well; then run `make up` again, or `painel up --no-demo`.",
        ) from error
    home.remember("demo", database=found.database_url)


def down(home: Home) -> list[str]:
    """Stop what `up` started, and nothing else; the names of the parts that were running."""
    # The emulator first: its functions talk to the others.
    parts: dict[str, Callable[[Home], bool]] = {
        emulator.PART: emulator.down,
        marketplace.PART: marketplace.down,
        valkey.PART: valkey.down,
        postgres.PART: postgres.down,
    }
    return [part for part, stop in parts.items() if stop(home)]


def _fingerprint(context: Mapping[str, str], options: Options) -> str:
    """One value for everything that a deployment is made of."""
    parts = {"inputs": deploy.digest(), "context": dict(context), "app": options.app, "operate": options.operate}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _start_parts(home: Home, report: Report, *, auth: bool) -> None:
    """All four at once."""
    starters: list[Callable[[], bool]] = [
        lambda: postgres.up(home),
        lambda: valkey.up(home),
        lambda: marketplace.up(home),
        lambda: emulator.up(home, auth=auth),
    ]
    with report.step("PostgreSQL, Valkey, Mercado Livre's simulator, the emulator of AWS"):
        with ThreadPoolExecutor(len(starters)) as pool:
            started = [pool.submit(start) for start in starters]
        for future in started:
            future.result()


def _context(home: Home) -> dict[str, str]:
    """What the synthesis is told about this laptop."""
    database = postgres.urls(home)
    return {
        "database_url": database.app,
        "owner_database_url": database.owner,
        "cache_url": valkey.url(home),
        "emulator_url": emulator.url(home),
        "simulator_url": marketplace.url(home),
        "code_version": deploy.digest(deploy.CODE)[:16],
    }


def _deploy(home: Home, report: Report, options: Options, context: Mapping[str, str]) -> None:
    if not LocalAws(home).parameter("/cdk-bootstrap/hnb659fds/version"):
        with report.step("Bootstrap of the emulated account"):
            deploy.bootstrap(home)
    with report.step("Deployment with the CDK"):
        deploy.deploy(home, context=context, app=options.app)


def _operate(home: Home, report: Report) -> None:
    aws = LocalAws(home)
    with report.step("Keys, partners' credentials, migrations"):
        aws.fill_secret(f"{PREFIX}/mercado_livre", mercado_livre=marketplace.application(home))
        aws.fill_secret(f"{PREFIX}/stripe", stripe={"webhook_secrets": [f"whsec_{home.password('stripe')}"], "livemode": False})
        # A killed emulator forgets its secrets while the database keeps what they sealed: a copy outlives it.
        for purpose, value in home.section("keys").items():
            aws.fill_secret(f"{PREFIX}/{purpose}", **{purpose: value})
        aws.operate("init-keys")
        home.remember("keys", **{purpose: aws.secret(f"{PREFIX}/{purpose}")[purpose] for purpose in KEYS})
        aws.verify_sender(environment_named("local").mail_from)
        aws.operate("migrate", app_password=home.password("app"))


def _publish_web(home: Home, report: Report) -> None:
    """The static site, into the bucket that the edge stack made; and the name that leads to its distribution."""
    aws = LocalAws(home)
    with report.step("Web pages"):
        distribution = aws.output(EDGE_STACK, "DistributionId")
        emulator.front_door(home).write_text(aws.domain_name(distribution))
        try:
            site = web.build(home.folder / "web")
        except FileNotFoundError as error:
            raise OperationError(
                "The web pages could not be put together.", why=str(error), do="Run `make setup openapi`, then `make up`."
            ) from error
        web.upload(site, aws.objects, aws.output(EDGE_STACK, "WebBucketName"))


def _endpoints(home: Home) -> Endpoints:
    aws = LocalAws(home)
    # Two doors, as on AWS: people come through CloudFront, providers' webhooks straight to the regional API.
    hooks = f"{emulator.url(home)}/_aws/execute-api/painelml/api/v1"
    token = aws.secret(f"{PREFIX}/webhooks").get("webhooks", {}).get("mercado_livre_token", "")
    web_url = aws.parameter(f"{PREFIX}/web_url")
    return Endpoints(
        api_url=f"{web_url}/api/v1" if web_url else hooks,
        web_url=web_url,
        docs_url=f"{web_url}/docs/" if web_url else None,
        simulator_url=marketplace.url(home),
        database_url=postgres.urls(home).app,
        cache_url=valkey.url(home),
        aws_endpoint_url=emulator.url(home),
        webhook_urls={
            "mercado-livre": f"{hooks}/{MERCADO_LIVRE_PATH}/{token}",
            "stripe": f"{hooks}/{STRIPE_PATH}",
        },
    )
