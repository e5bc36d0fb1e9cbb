"""An environment is these stacks, in this order: stateful ones, then what runs on them, then who watches."""

from __future__ import annotations

from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from cdk_app.access import CacheAccess, DatabaseAccess, NetworkAccess
from cdk_app.alarm_catalogue import WatchedDatabase
from cdk_app.aspects import add_tags
from cdk_app.environments import Environment
from cdk_app.local import LocalAddresses
from cdk_app.profiles import Profile
from stacks.api import ApiStack
from stacks.cache import CacheStack
from stacks.database import DatabaseStack
from stacks.edge import EdgeStack
from stacks.edge_acl import EdgeAclStack
from stacks.governance import GovernanceStack
from stacks.jobs import JobsStack
from stacks.messaging import MessagingStack
from stacks.network import NetworkStack
from stacks.observability import ObservabilityStack, Watched
from stacks.storage import StorageStack


class EnvironmentStage:
    """All stacks of one environment × profile. On a laptop network, database, cache and governance are None."""

    network: NetworkStack | None = None
    database: DatabaseStack | None = None
    cache: CacheStack | None = None
    governance: GovernanceStack | None = None
    edge_acl: EdgeAclStack | None = None

    def __init__(self, app: cdk.App, *, environment: Environment, profile: Profile) -> None:
        self._app, self._environment, self._profile = app, environment, profile
        add_tags(app, environment=environment, profile=profile)
        # A stack that loses its data cannot be deployed again: prod's refuse to be deleted.
        stateful = self._common | {"termination_protection": environment.is_production}
        ground = self._local_ground() if environment.is_local else self._aws_ground(stateful)
        self.storage = StorageStack(app, self._name("storage"), **stateful, profile=profile)
        self.messaging = MessagingStack(app, self._name("messaging"), **stateful, profile=profile)
        ground |= {"profile": profile, "messaging": self.messaging, "storage": self.storage}
        if not environment.is_local:
            self.governance = GovernanceStack(
                app,
                self._name("governance"),
                **self._common,
                profile=profile,
                warning_topic=self.messaging.warning_topic,
            )
        self.jobs = JobsStack(app, self._name("jobs"), **self._common, **ground)
        self.api = ApiStack(app, self._name("api"), **self._common, **ground)
        # `operations`, which migrates, comes with the jobs: the API's functions expect the schema.
        self.api.add_stack_dependency(self.jobs)
        if self.governance:
            self.api.add_stack_dependency(self.governance)
        self.edge = self._edge()
        self.observability = ObservabilityStack(app, self._name("observability"), **self._common, watched=self._watched())

    @property
    def _common(self) -> dict[str, Any]:
        return {"environment": self._environment}

    def _name(self, part: str) -> str:
        return f"painelml-{self._environment.name}-{part}"

    def _aws_ground(self, stateful: dict[str, Any]) -> dict[str, Any]:
        """Where functions find the network, the database and the cache: stacks of their own."""
        profile = self._profile
        if profile.database is None or profile.cache is None:
            raise ValueError(f"Profile {profile.name} has no database or no cache: it is for a laptop.")
        self.network = NetworkStack(self._app, self._name("network"), **stateful, profile=profile)
        self.database = DatabaseStack(
            self._app,
            self._name("database"),
            **stateful,
            profile=profile,
            capacity=profile.database,
            network=self.network,
        )
        self.cache = CacheStack(self._app, self._name("cache"), **stateful, capacity=profile.cache, network=self.network)
        return {"network": self.network.access, "database": self.database.access, "cache": self.cache.access}

    def _local_ground(self) -> dict[str, Any]:
        """PostgreSQL and Valkey are processes on the laptop; `painel up` hands their addresses over as context."""
        names = ("database_url", "owner_database_url", "cache_url")
        urls = {name: self._app.node.try_get_context(name) for name in names}
        if missing := [f"-c {name}=URL" for name, url in urls.items() if not url]:
            raise ValueError(f"Environment local needs {', '.join(missing)}. `make up` passes them.")
        return {
            "network": NetworkAccess(),
            "database": DatabaseAccess(url=urls["database_url"], owner_url=urls["owner_database_url"], auth="password"),
            "cache": CacheAccess(url=urls["cache_url"]),
        }

    def _edge(self) -> EdgeStack:
        if self._profile.waf:
            self.edge_acl = EdgeAclStack(self._app, self._name("edge-acl"), **self._common, profile=self._profile)
        return EdgeStack(
            self._app,
            self._name("edge"),
            **self._common,
            profile=self._profile,
            rest_api=self.api.rest_api,
            origin_value=self.storage.origin_value,
            logs_bucket=self.storage.logs_bucket,
            web_acl_arn=self.edge_acl.web_acl_arn if self.edge_acl else None,
            emulator_url=LocalAddresses.of(self._app).emulator_url if self._environment.is_local else None,
        )

    def _watched(self) -> Watched:
        messaging = self.messaging
        queues = {"webhooks": messaging.webhooks, "payments": messaging.payments, "jobs": messaging.jobs}
        queues["outgoing-text"] = messaging.outgoing_text
        dead_letters = {name: queue.dlq for name, queue in queues.items()}
        groups = {"api": self.api.functions, "jobs": self.jobs.functions}
        return Watched(
            critical_topic=messaging.critical_topic,
            warning_topic=messaging.warning_topic,
            queues={name: queue.queue for name, queue in queues.items()},
            dead_letters=dead_letters | {"schedules": self.jobs.failed_schedules},
            api=self.api.rest_api,
            # The emulator's CloudFormation refuses metric math.
            functions={}
            if self._environment.is_local
            else {name: cast("list[lambda_.IFunction]", [*members.values()]) for name, members in groups.items()},
            database=self._watched_database(),
            cache=self.cache.cache if self.cache else None,
            few_alarms=self._profile.grouped_secrets,
            nat_instances=self.network.nat_instances if self.network else (),
        )

    def _watched_database(self) -> WatchedDatabase | None:
        capacity = self._profile.database
        if self.database is None or capacity is None:
            return None
        return WatchedDatabase(
            instance=self.database.instance,
            max_connections=capacity.max_connections,
            storage_gib=capacity.storage_gib,
            proxy_name=self.database.proxy.name if self.database.proxy else None,
        )
