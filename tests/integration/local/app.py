"""The stateless stacks of `local` alone, with whatever handlers the context names: what the emulator is tried with."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from cdk_app.access import CacheAccess, DatabaseAccess, NetworkAccess
from cdk_app.environments import environment_named
from cdk_app.profiles import profile_named
from stacks.api import ApiStack
from stacks.jobs import JobsStack
from stacks.messaging import MessagingStack
from stacks.storage import StorageStack


def main() -> None:
    app = cdk.App()
    context = app.node.try_get_context
    size: dict[str, Any] = {"environment": environment_named("local"), "profile": profile_named("local")}
    storage = StorageStack(app, "storage", **size)
    messaging = MessagingStack(app, "messaging", **size)
    around: dict[str, Any] = {
        **size,
        "network": NetworkAccess(),
        "database": DatabaseAccess(url=context("database_url"), owner_url=context("owner_database_url"), auth="password"),
        "cache": CacheAccess(url=context("cache_url")),
        "messaging": messaging,
        "storage": storage,
    }
    ApiStack(app, "api", **around)
    JobsStack(app, "jobs", **around)
    app.synth()


main()
