"""Listening: where, and what must be set before anybody but this machine may ask."""

from __future__ import annotations

import logging
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from calsync.config import Config, Serve
from calsync.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import uvicorn

    from calsync.web.session import Doorkeeper

EXTRA = "Install it with: pip install 'calsync[serve]'."


def check_access(config: Config, host: str) -> None:
    """Raise ConfigError where the server would be open to others without a lock on its door."""
    serve = config.serve
    problems = []
    if not is_loopback(host):
        if not serve.base_url:
            problems.append(f"{config.path}: serve.base_url: needed to listen on {host}: how the outside reaches it")
        if serve.password_file is None and not serve.trusted_proxy:
            problems.append(
                f"{config.path}: serve.password_file: needed to listen on {host}, or serve.trusted_proxy: whoever"
                " reaches it could answer for you"
            )
    if problems:
        raise ConfigError(problems, "Set that, or listen on 127.0.0.1 and put a web server with a login in front.")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(serve: Serve, host: str, port: int) -> str:
    """How the server is reached: ``serve.base_url``, else the address on which it listens."""
    shown = f"[{host}]" if ":" in host else host
    return serve.base_url or f"http://{shown}:{port}"


def listening(host: str, port: int) -> socket.socket:
    """Return the open socket. Raises UsageError where the port is taken or the address is not ours."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        opened = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}, port {port}: {error.strerror or error}",
            "Is calsync serve running already? Otherwise choose another with --port, or serve.port in the config.",
        ) from error
    # Each connection takes this over. Without it every body waits 40 ms for the client to confirm its headers.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def doorkeeper(config: Config) -> Doorkeeper:
    """Return who lets people in to the page, with a new one-time key. Raises ConfigError where the
    password cannot be read."""
    from calsync.ledger.doors import signing_key
    from calsync.ledger.ledger import Ledger
    from calsync.web.session import Doorkeeper

    with Ledger(config.ledger) as ledger:
        return Doorkeeper(config, signing_key(ledger))


def server(config: Config, host: str, port: int, door: Doorkeeper) -> uvicorn.Server:
    """Return a server that is ready to run. It logs nothing of a request: its address is a secret."""
    import uvicorn

    from calsync.web.app import application

    for name in ("uvicorn.error", "asyncio"):  # a client that hangs up is nothing to warn of
        logging.getLogger(name).setLevel(logging.ERROR)
    settings = uvicorn.Config(
        application(config, door, address_of(config.serve, host, port), host=host),
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_keep_alive=20,
        limit_concurrency=200,
        timeout_graceful_shutdown=5,
        http="h11",  # whatever else is installed: one reader of requests, whose limits are known
        h11_max_incomplete_event_size=16_384,
        ws="none",
    )
    return uvicorn.Server(settings)
