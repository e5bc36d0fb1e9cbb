"""Ports on the loopback interface: chosen free once, then remembered."""

from __future__ import annotations

import socket

import psutil

from ops.errors import OperationError
from ops.home import Home

HOST = "127.0.0.1"


def port_for(home: Home, part: str) -> int:
    """The port of `part`: the remembered one, or a free one that is remembered from now on."""
    return home.once("ports", part, _free)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int, *, timeout: float = 0.5) -> bool:
    """Whether something accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(timeout)
        return probe.connect_ex((HOST, port)) == 0


def require_free(home: Home, part: str) -> int:
    """The port of `part`, sure to be free; raises OperationError that names who holds it and what to do."""
    port = port_for(home, part)
    if is_open(port):
        raise OperationError(
            f"Port {port}, which {part} used last time, is busy.",
            why=f"It is held by {_holder(port)}.",
            do="Stop that program, or run `painel up --new-ports` to choose another port.",
        )
    return port


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            if connection.pid is None:
                return "another user's program"
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                return "a program that has just ended"
    return "a program that could not be found"
