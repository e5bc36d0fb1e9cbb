"""The way in, where no API Gateway runs: what is posted is put into the queue as it came, and then answered 200."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.exceptions import BotoCoreError, ClientError

Put = Callable[[str, dict[str, str]], object]


@contextmanager
def open_door(put: Put, token: str) -> Iterator[str]:
    """Its URL. `put(body, attributes)` queues a message; 503 where that fails."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            path_token = self.path.rpartition("/")[2]
            try:
                put(body, {"source": "mercado-livre", "path_token": path_token})
                status = 200
            except (BotoCoreError, ClientError):
                status = 503
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: thousands come."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/webhooks/mercado-livre/{token}"
        finally:
            server.shutdown()
            thread.join()
