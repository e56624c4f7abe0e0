# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's backend says who it is and what it got, byte for byte, so that the measurements over it can be believed."""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import time

import pytest

import backend
from traffic.content import pattern
from traffic.proxy_protocol import V2_SIGNATURE, ProxyHeader, ProxyHeaderError, take_proxy_header


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response, response.read()


def raw(port: int, *pieces: bytes) -> bytes:
    """Send pieces, then read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.02)
        received = b""
        while data := connection.recv(65536):
            received += data
    return received


def test_the_root_describes_the_request_as_it_came(serve):
    response, body = get(serve("port").port[0], "/a?b=c", **{"X-Forwarded-Proto": "https"})
    told = json.loads(body)
    assert response.status == 200
    assert response.headers["X-Backend"] == "web1"
    assert (told["name"], told["method"], told["path"], told["query"]) == ("web1", "GET", "/a", "b=c")
    assert told["headers"]["x-forwarded-proto"] == "https"
    assert (told["peer"], told["tls"], told["proxy"]) == ("127.0.0.1", False, None)


def test_whoami_is_the_name_alone(serve):
    assert get(serve("port", name="web9").port[0], "/whoami")[1] == b"web9"


def test_health_fails_and_recovers_as_it_is_told(serve):
    port = serve("port").port[0]
    assert get(port, "/health")[0].status == 200
    get(port, "/control/fail", "POST")
    assert get(port, "/health")[0].status == 503
    assert get(port, "/whoami")[0].status == 200
    get(port, "/control/recover", "POST")
    assert get(port, "/health")[0].status == 200


def test_control_is_refused_to_a_peer_that_is_not_loopback():
    class Transport:
        def get_extra_info(self, name: str) -> tuple[str, int]:
            return ("10.231.20.11", 4711)

    connection = backend.Connection(backend.State("web1"), expect_proxy=False)
    connection.transport = Transport()
    answer = connection._answer(backend.Request("POST", "/control/fail", "", "HTTP/1.1", {}))
    assert answer.status == 403
    assert connection.state.healthy


def test_an_unknown_control_changes_nothing(serve):
    port = serve("port").port[0]
    assert get(port, "/control/explode")[0].status == 404
    assert get(port, "/health")[0].status == 200


def test_the_delay_holds_answers_but_not_health(serve):
    port = serve("port", delay=3_600_000).port[0]  # what is held is held for longer than any test
    with socket.create_connection(("127.0.0.1", port)) as held:
        held.sendall(b"GET /whoami HTTP/1.1\r\n\r\n")
        assert get(port, "/health")[0].status == 200
        get(port, "/control/delay?ms=0")
        assert get(port, "/whoami")[1] == b"web1"
        assert not select.select([held], [], [], 0)[0]


def test_a_delayed_answer_comes_after_the_delay(serve):
    port = serve("port", delay=200).port[0]
    began = time.monotonic()
    assert get(port, "/whoami")[1] == b"web1"
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("delay", [0, 30])
def test_pipelined_requests_are_answered_in_order(serve, delay):
    port = serve("port", delay=delay).port[0]
    first = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"
    second = b"loGET /two HTTP/1.1\r\nHost: a\r\n\r\nGET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    received = raw(port, first, second)
    paths = [json.loads(part.split(b"\r\n\r\n")[1])["path"] for part in received.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert paths == ["/one", "/two", "/three"]


def test_a_connection_is_kept_and_http_1_0_is_closed(serve):
    port = serve("port").port[0]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/whoami")
        assert connection.getresponse().read() == b"web1"
        local = connection.sock.getsockname()
    assert connection.sock.getsockname() == local
    assert raw(port, b"GET /whoami HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nweb1")


def test_head_has_the_length_but_no_body(serve):
    received = raw(serve("port").port[0], b"HEAD /whoami HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 4" in received
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"501"),
        (b"GET /download?bytes=-1 HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70000, b"431"),
    ],
)
def test_what_cannot_be_served_is_answered_and_the_connection_closed(serve, sent, status):
    assert raw(serve("port").port[0], sent).startswith(b"HTTP/1.1 " + status)


def test_a_download_is_the_pattern_and_keeps_its_rate(serve):
    port = serve("port").port[0]
    began = time.monotonic()
    _, body = get(port, "/download?bytes=100003&rate=200000")
    assert time.monotonic() - began > 0.35
    assert body == pattern(0, 100003)
    assert get(port, "/download?bytes=5000000")[1] == pattern(0, 5000000)


def test_a_held_download_comes_whole_once_it_is_released(serve):
    port = serve("port").port[0]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/download?bytes=1000000&rate=100")  # would last for hours
    response = connection.getresponse()
    get(port, "/control/release", "POST")
    assert response.read() == pattern(0, 1000000)


def test_the_connection_serves_on_after_a_download(serve):
    connection = http.client.HTTPConnection("127.0.0.1", serve("port").port[0], timeout=5)
    connection.request("GET", "/download?bytes=10")
    assert connection.getresponse().read() == b"000000000000000\n"[:10]
    connection.request("GET", "/whoami")
    assert connection.getresponse().read() == b"web1"


def test_the_pattern_says_where_every_byte_belongs():
    whole = pattern(0, 1000)
    assert whole[16:32] == b"000000000000001\n"
    assert all(pattern(start, 37) == whole[start : start + 37] for start in range(0, 900, 7))


V1 = b"PROXY TCP4 192.0.2.9 10.0.0.1 40000 443\r\n"
V2 = V2_SIGNATURE + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 9, 10, 0, 0, 1]) + b"\x9c\x40\x01\xbb"
V2_SIX = V2_SIGNATURE + b"\x21\x21\x00\x24" + bytes(15) + b"\x01" + bytes(15) + b"\x02" + b"\x00\x50\x01\xbb"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (V1, ProxyHeader(1, "192.0.2.9", 40000, "10.0.0.1", 443)),
        (b"PROXY UNKNOWN\r\n", ProxyHeader(1)),
        (V2, ProxyHeader(2, "192.0.2.9", 40000, "10.0.0.1", 443)),
        (V2_SIX, ProxyHeader(2, "::1", 80, "::2", 443)),
        (V2_SIGNATURE + b"\x20\x00\x00\x00", ProxyHeader(2)),
    ],
)
def test_a_proxy_header_is_read_whole_and_never_early(header, told):
    assert take_proxy_header(header + b"GET /") == (told, len(header))
    assert all(take_proxy_header(header[:length]) is None for length in range(len(header)))


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"PROXY " + b"x" * 200 + b"\n", b"\r\n\r\nX"])
def test_a_proxy_port_refuses_a_connection_without_the_header(sent):
    with pytest.raises(ProxyHeaderError):
        take_proxy_header(sent)


def test_the_proxy_listener_tells_the_client_address(serve):
    port = serve("proxy_port").proxy_port[0]
    received = raw(port, V2[:20], V2[20:] + b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert json.loads(received.split(b"\r\n\r\n", 1)[1])["proxy"]["source"] == "192.0.2.9"
    assert raw(port, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_the_tls_listener_serves_its_certificate(serve, certificate):
    port = serve("tls_port", certificate=certificate).tls_port[0]
    context = ssl.create_default_context(cafile=certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    connection.request("GET", "/")
    assert json.loads(connection.getresponse().read())["tls"] is True


def test_the_echo_listener_greets_with_its_name_and_echoes(serve):
    port = serve("echo_port", name="mail1").echo_port[0]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        assert connection.recv(100) == b"mail1\r\n"
        connection.sendall(b"hello")
        assert connection.recv(100) == b"hello"


def test_the_command_line_of_the_lab_is_understood():
    options = backend.parse_options(["--name", "web2", "--port", "80", "--delay", "50", "--echo-port", "25"])
    assert options == backend.Options("web2", delay=50, port=[80], echo_port=[25])
    assert backend.parse_options([]).name == socket.gethostname()
