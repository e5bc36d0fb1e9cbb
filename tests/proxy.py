"""A proxy between our client and the simulator: it counts when calls arrive, answers some itself, and loses answers."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import requests

from painelml.core.config import config
from tests.platform import tell

Canned = tuple[int, bytes, dict[str, str]]
Loss = str  # "before": the call never reaches Mercado Livre; "after": it does, and its answer is lost


@dataclass(slots=True)
class Proxy:
    """`answers`: what to answer for paths that begin so, instead of asking; `bodies` are what those calls sent.

    `limit`: calls in any second beyond which it answers 429. `losses` says, for each call of the token endpoint, what is lost
    ("" for nothing). `grace`: a refresh token that was used is answered again with what it gave, as some servers do.
    """

    upstream: str
    url: str = ""
    answers: dict[str, Canned] = field(default_factory=dict)
    limit: int | None = None
    losses: Iterator[Loss] | None = None
    grace: bool = False
    arrivals: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0
    bodies: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    _given: dict[str, Canned] = field(default_factory=dict)
    _recent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, status: int, body: str, **headers: str) -> None:
        self.answers[path] = (status, body.encode(), {"Content-Type": "application/json", **headers})

    def peak(self, path: str, seconds: float) -> int:
        """The most calls of paths that begin so which arrived within any so many seconds."""
        moments = sorted(moment for name, times in self.arrivals.items() if name.startswith(path) for moment in times)
        return max((sum(moment < begun + seconds for moment in moments[at:]) for at, begun in enumerate(moments)), default=0)

    def arrived(self, path: str) -> int:
        return sum(len(times) for name, times in self.arrivals.items() if name.startswith(path))

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Canned | None:
        """The answer, or None where it is lost."""
        path = urlsplit(target).path
        with self._lock:
            self.arrivals.setdefault(path, []).append(time.monotonic())
            if self._is_too_much():
                self.refused += 1
                return 429, b"local_rate_limited", {"Content-Type": "text/plain"}
            canned = next((known for prefix, known in self.answers.items() if path.startswith(prefix)), None)
            loss = next(self.losses, "") if self.losses is not None and path == "/oauth/token" else ""
        if canned is not None:
            self.bodies.append((headers, body))
            return canned
        if loss == "before":
            return None
        given = self._forward(method, target, headers, body)
        return None if loss == "after" else given

    def _forward(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Canned:
        token = parse_qs(body.decode("latin-1")).get("refresh_token", [""])[0] if self.grace else ""
        if token in self._given:
            return self._given[token]
        answer = requests.request(method, self.upstream + target, headers=headers, data=body, allow_redirects=False, timeout=30)
        given = (answer.status_code, answer.content, {"Content-Type": answer.headers.get("Content-Type", "")})
        if token and answer.ok:
            self._given[token] = given
        return given

    def _is_too_much(self) -> bool:
        if self.limit is None:
            return False
        moment = time.monotonic()
        while self._recent and self._recent[0] < moment - 1:
            self._recent.popleft()
        if len(self._recent) >= self.limit:
            return True
        self._recent.append(moment)
        return False


@contextmanager
def proxied(upstream: str) -> Generator[Proxy]:
    """The proxy, with our client pointed at it."""
    proxy = Proxy(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy.handle))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    before = config().mercado_livre_api_url
    tell(PAINEL_MERCADO_LIVRE_API_URL=proxy.url)
    try:
        yield proxy
    finally:
        tell(PAINEL_MERCADO_LIVRE_API_URL=before)
        server.shutdown()
        server.server_close()
        thread.join(5)


def _handler(handle: Callable[[str, str, dict[str, str], bytes], Canned | None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            answered = handle(self.command, self.path, kept, body)
            if answered is None:
                self.close_connection = True
                return
            status, content, headers = answered
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _pass

        def log_message(self, format: str, *args: object) -> None:
            """Silent: a test's output is its own."""

    return Handler
