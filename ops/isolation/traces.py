"""What the system leaves behind while it works for one tenant: logs, cache, queues, objects. None may speak of another."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations
from typing import Any
from urllib.parse import unquote, urlsplit

from ops.aws import LocalAws
from ops.isolation.prober import Findings
from ops.isolation.tenants import Tenant, unshared

PEEKS = 50


@dataclass(slots=True)
class Traces:
    """The stores of one running environment."""

    aws: LocalAws
    cache_url: str
    findings: Findings

    def search(self, tenants: list[Tenant]) -> None:
        """Looks for each tenant's canaries in everything that carries another's name."""
        with self._workers_held():
            for tenant in tenants:
                tenant.renew()
                tenant.seller.call("POST", f"/ml-accounts/{tenant.named('account_id')}/sync", {}, expect=202)
            messages = list(self._queues())
        stores = {
            "log line": list(self._logs()),
            "cache key": list(self._cache()),
            "queue message": messages,
            "object": list(self._objects()),
        }
        for store, entries in stores.items():
            self.findings.searched.setdefault(store.split(" ", maxsplit=1)[0], 0)
            for owner, stranger in permutations(tenants, 2):
                canaries = unshared(stranger, owner)
                for where, text in entries:
                    if owner.tenant_id in where or owner.tenant_id in text:
                        self.findings.search(f"{store} {where[:120]}", text, canaries)
        self._personal(stores["log line"], tenants)

    def _personal(self, lines: list[tuple[str, str]], people: list[Tenant]) -> None:
        """No line of any tenant's holds an address, a name or a nickname, not even its own."""
        for where, text in lines:
            for person in people:
                if person.canary in text or person.email in text:
                    self.findings.violations.append(f"log line {where}: holds personal data of tenant {person.tenant_id}")

    @contextmanager
    def _workers_held(self) -> Generator[None]:
        """No worker takes a message meanwhile, so that there is something in the queues to look at."""
        mappings = self.aws.functions.list_event_source_mappings()["EventSourceMappings"]
        held = [mapping["UUID"] for mapping in mappings if mapping["State"] == "Enabled"]
        try:
            for mapping in held:
                self.aws.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
            yield
        finally:
            for mapping in held:
                self.aws.functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    def _logs(self) -> Iterator[tuple[str, str]]:
        client = self.aws.client("logs")
        for group in client.get_paginator("describe_log_groups").paginate():
            for named in group["logGroups"]:
                for page in client.get_paginator("filter_log_events").paginate(logGroupName=named["logGroupName"]):
                    for event in page["events"]:
                        yield named["logGroupName"], event["message"]

    def _cache(self) -> Iterator[tuple[str, str]]:
        from redis.cluster import RedisCluster

        url = urlsplit(self.cache_url)
        held: Any = RedisCluster(
            host=str(url.hostname), port=url.port or 6379, username=url.username, password=unquote(url.password or "")
        )
        for key in held.scan_iter():
            name = key.decode(errors="replace")
            yield name, _value(held, key)

    def _queues(self) -> Iterator[tuple[str, str]]:
        """A look at the head of each queue: what is seen stays in it."""
        client = self.aws.client("sqs")
        for url in client.list_queues().get("QueueUrls", []):
            seen: set[str] = set()
            for _ in range(PEEKS):
                told = client.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=10,
                    VisibilityTimeout=0,
                    AttributeNames=["All"],
                    MessageAttributeNames=["All"],
                ).get("Messages", [])
                fresh = [message for message in told if message["MessageId"] not in seen]
                if not fresh:
                    break
                for message in fresh:
                    seen.add(message["MessageId"])
                    yield url, json.dumps({name: message.get(name) for name in ("Body", "Attributes", "MessageAttributes")})

    def _objects(self) -> Iterator[tuple[str, str]]:
        """Every object under a tenant's prefix, in every bucket."""
        for bucket in self.aws.objects.list_buckets()["Buckets"]:
            pages = self.aws.objects.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"], Prefix="tenants/")
            for page in pages:
                for held in page.get("Contents", []):
                    body = self.aws.objects.get_object(Bucket=bucket["Name"], Key=held["Key"])["Body"].read()
                    yield held["Key"], body.decode(errors="replace")


def _value(cache: Any, key: bytes) -> str:
    """What a key holds, whatever its kind, as text."""
    reads = {
        b"string": lambda: cache.get(key),
        b"hash": lambda: cache.hgetall(key),
        b"list": lambda: cache.lrange(key, 0, -1),
        b"set": lambda: cache.smembers(key),
        b"zset": lambda: cache.zrange(key, 0, -1, withscores=True),
    }
    return str(reads.get(cache.type(key), lambda: "")())
