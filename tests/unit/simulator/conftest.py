"""A simulator in this process, a receiver of its notifications, and the few steps that every test repeats."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.app import create_app
from simulator.gateway import Simulator

CLIENT_ID, SECRET = "4929174000000000", "a-client-secret"
REDIRECT = "https://painel.example/v1/ml-accounts/callback"
HOOK = "https://hooks.example/mercado-livre"

Body = dict[str, Any]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Receiver:
    """The integrator's webhook: answers what a test tells it to and keeps what came."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.hold = asyncio.Event()
        self.hold.set()
        self.app = Starlette(routes=[Route("/{path:path}", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.json())
        await self.hold.wait()
        return Response(status_code=self.status)


class Bench:
    """The simulator under test with a client of its own and shorthands for the steps on the way to a test's subject."""

    def __init__(self, sim: Simulator, http: httpx.AsyncClient, receiver: Receiver) -> None:
        self.sim, self.http, self.receiver = sim, http, receiver

    async def control(self, path: str, **body: Any) -> Body:
        response = await self.http.post(f"/_sim/{path}", json=body)
        assert response.status_code < 300, response.text
        return dict(response.json())

    async def register(self, **fields: Any) -> Body:
        body = {"client_id": CLIENT_ID, "client_secret": SECRET, "redirect_uris": [REDIRECT]} | fields
        response = await self.http.put("/_sim/app", json=body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def seller(self, **fields: Any) -> int:
        return int((await self.control("sellers", **{"items": 3} | fields))["user_id"])

    async def decide(self, user_id: int, decision: str = "allow", **form: str) -> dict[str, str]:
        """Post the consent form; the query with which the person comes back."""
        fields = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT, "state": "st-1"}
        form = fields | {"seller_id": str(user_id), "decision": decision} | form
        response = await self.http.post("/authorization", data=form)
        assert response.status_code == 302, response.text
        assert response.headers["location"].startswith(REDIRECT)
        return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}

    async def token(self, **form: str) -> httpx.Response:
        return await self.http.post("/oauth/token", data={"client_id": CLIENT_ID, "client_secret": SECRET} | form)

    async def redeem(self, code: str, **form: str) -> httpx.Response:
        return await self.token(**{"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT} | form)

    async def refresh(self, refresh_token: str, **form: str) -> httpx.Response:
        return await self.token(**{"grant_type": "refresh_token", "refresh_token": refresh_token} | form)

    async def grant(self, user_id: int) -> Body:
        """The whole consent of one seller; the token answer."""
        response = await self.redeem((await self.decide(user_id))["code"])
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def connect(self, **seller: Any) -> tuple[int, dict[str, str]]:
        """A seller that granted the application; its id and the headers of its token."""
        user_id = await self.seller(**seller)
        return user_id, bearer((await self.grant(user_id))["access_token"])

    async def deliveries(self, **query: Any) -> list[Body]:
        return list((await self.http.get("/_sim/deliveries", params=query)).json()["deliveries"])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the simulator work until the condition holds; no longer than five seconds."""
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0)

    async def quiet(self) -> None:
        """Until nothing that is due is left to send."""
        now = self.sim.world.clock.now_ms
        await self.until(
            lambda: not self.sim.outbox._in_flight and not any(due <= now() for due, _, _ in self.sim.outbox._heap)
        )


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    receiver = Receiver()
    app = create_app(transport=httpx.ASGITransport(app=receiver.app))
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://sim") as http:
        bench = Bench(app.state.simulator, http, receiver)
        await bench.register(notifications_url=HOOK, topics=["orders_v2", "items"])
        yield bench
