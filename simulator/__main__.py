"""`mercado-livre-simulator`, or `python -m simulator`: serve until told to stop, and say where in one line of JSON."""

import argparse
import asyncio
import json
import socket
import sys
from pathlib import Path

import uvicorn

from .app import create_app


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mercado-livre-simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same sellers")
    parser.add_argument("--state-dir", type=Path, help="keep the state here; without it, in memory")
    parser.add_argument("--retry-scale", type=float, help="0.01 makes the hour of retries thirty-six seconds")
    return parser.parse_args(argv)


async def serve(arguments: argparse.Namespace) -> None:
    app = create_app(seed=arguments.seed, state_dir=arguments.state_dir, retry_scale=arguments.retry_scale)
    listener = socket.create_server((arguments.host, arguments.port), backlog=2048)
    # asyncio leaves Nagle's algorithm on for a socket it did not open, which costs 40 ms per small answer.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    host, port = listener.getsockname()[:2]
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        sys.stdout.write(json.dumps({"url": f"http://{host}:{port}"}) + "\n")
        sys.stdout.flush()
    await serving


def main(argv: list[str] | None = None) -> None:
    asyncio.run(serve(_arguments(argv)))


if __name__ == "__main__":
    main()
