from __future__ import annotations

import socket

import pytest


def test_a_test_that_reaches_for_another_machine_fails() -> None:
    with (
        socket.socket() as client,
        pytest.raises(pytest.fail.Exception, match="reached for the network"),
    ):
        client.connect(("192.0.2.1", 80))


def test_a_test_that_asks_for_a_name_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"calendar\.example"):
        socket.getaddrinfo("calendar.example", 443)


def test_a_test_may_talk_to_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
