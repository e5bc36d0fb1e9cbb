"""The long form's site: the running system as `make up` brings it, with event source mappings and functions' processes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from ops import marketplace, processes
from ops.home import Home
from ops.seller import Seller
from tests.chaos.site import TOPICS, Account, Site
from tests.simulator import Simulator
from tests.system import System, running_system

WORKERS = ("painelml-local-webhook-worker", "painelml-local-sync-worker")


class Deployed(Site):
    """`Deployed.running(folder)` is one that is taken down after. Its schedules are off: the proof calls what they would."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.home = Home(system.home)
        self.sim = Simulator(system.endpoints["simulator_url"])
        self._next = 0

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Deployed]:
        with running_system(folder) as system:
            site = cls(system)
            site._settle()
            yield site

    def open(self, *, tenants: int, accounts: int) -> list[Account]:
        share = accounts // tenants
        return [account for _ in range(tenants) for account in self._open_tenant(share)]

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        name = f"painelml-local-{function.replace('_', '-')}"
        answer = self.aws.functions.invoke(FunctionName=name, Payload=json.dumps(dict(event)).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        assert "FunctionError" not in answer, f"{name} failed: {payload}"
        return payload

    def worker_pids(self) -> list[int]:
        """The next one to be killed first: of both functions in turn."""
        emulator = processes.running(self.home, "emulator")
        found = [child for child in (emulator.children(recursive=True) if emulator else []) if _is_worker(child)]
        turned = sorted(found, key=lambda child: (WORKERS[self._next] not in " ".join(child.cmdline()), child.pid))
        return [child.pid for child in turned]

    def revive_workers(self) -> None:
        """The emulator starts another with the next batch."""
        self._next = (self._next + 1) % len(WORKERS)

    def restart_emulator(self) -> None:
        self._system.painel("up", "--no-demo")
        self._settle()

    def _settle(self) -> None:
        self.shorten_visibility()
        self.sim.ask("PUT", "/_sim/app", {"client_id": marketplace.CLIENT_ID, "topics": list(TOPICS)})
        # Not Mercado Livre's pace, which would make it an evening.
        credentials = {**marketplace.credentials(self.home), "rates": {"*": 60_000}}
        self.aws.fill_secret("/painelml/local/mercado_livre", mercado_livre=credentials)
        events = self.aws.client("events")
        for rule in events.list_rules()["Rules"]:
            events.disable_rule(Name=rule["Name"])

    def _open_tenant(self, accounts: int) -> list[Account]:
        email = f"caos-{secrets.token_hex(6)}@painelml.example"
        made = self.aws.operate("tenant-create", name="Loja do Caos", email=email, plan="painel.pro", max_accounts=accounts)
        seller = Seller(self._system.endpoints)
        seller.log_in(email=email, password=made["password"])
        opened = []
        for _ in range(accounts):
            seller_id = self.sim.seller(items=3)
            seller.connect(seller_id)
            opened.append(Account(UUID(made["tenant"]["id"]), seller_id))
        return opened


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any(name in argument for argument in process.cmdline() for name in WORKERS)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
