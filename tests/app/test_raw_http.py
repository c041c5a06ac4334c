"""Bytes on a socket to the real gunicorn: what no client library would send."""

import socket

import pytest

from tests.app.conftest import Shop

GET = b"GET /api/v1/books HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


class TestRefused:
    @pytest.mark.parametrize(
        "request_",
        [
            pytest.param(GET + b"X: " + b"a" * 100_000 + b"\r\n\r\n", id="a long header"),
            pytest.param(GET + b"".join(b"X-%d: a\r\n" % n for n in range(5_000)) + b"\r\n", id="many headers"),
            pytest.param(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a long address"),
            pytest.param(b"GET /?q=" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a long query"),
            pytest.param(GET + b"X: a\0b\r\n\r\n", id="NUL in a header"),
            pytest.param(GET + b"X Y: a\r\n\r\n", id="a space in a header's name"),
            pytest.param(GET + b": a\r\n\r\n", id="a header without a name"),
            pytest.param(b"GET /\0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", id="NUL in the path"),
            pytest.param(b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", id="another version"),
            pytest.param(b"\r\n\r\n\r\n\x16\x03\x01\x02\r\n\r\n", id="TLS"),
            pytest.param(b"GET\r\n\r\n", id="half a line"),
            pytest.param(GET + b"Content-Length: -1\r\n\r\n", id="a negative length"),
            pytest.param(GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", id="two lengths"),
            pytest.param(GET.replace(b"localhost", b"evil.example") + b"\r\n", id="another host"),
            pytest.param(GET.replace(b"Host: localhost\r\n", b"") + b"\r\n", id="no host"),
            pytest.param(GET.replace(b"localhost", b"localhost\r\nHost: evil.example") + b"\r\n", id="two hosts"),
            pytest.param(GET.replace(b"GET", b"TRACE") + b"\r\n", id="TRACE"),
            pytest.param(GET.replace(b"GET", b"BREW") + b"\r\n", id="an invented method"),
            pytest.param(GET.replace(b"/api/v1/books", b"/static/x/../../../../etc/passwd") + b"\r\n", id="traversal"),
            pytest.param(GET.replace(b"/api/v1/books", b"/static/x/..%2f..%2fapp.py") + b"\r\n", id="encoded dots"),
            pytest.param(GET.replace(b"GET /api", b"GET //evil.example/api") + b"\r\n", id="another host's address"),
        ],
    )  # fmt: skip
    def test_with_4xx_and_the_server_goes_on(self, shop: Shop, request_: bytes) -> None:
        answer = send(shop, request_)
        assert 300 <= status(answer) < 500 or status(answer) in (501, 505), answer[:200]
        assert b"Traceback" not in answer
        assert b"root:" not in answer
        assert b"Location: http://evil" not in answer
        assert b"Location: //evil" not in answer
        assert status(send(shop, GET + b"\r\n")) == 200

    def test_bytes_that_are_no_text_in_headers(self, shop: Shop) -> None:
        for name in (b"Authorization", b"Cookie", b"If-None-Match", b"X-Request-ID", b"traceparent", b"User-Agent"):
            assert status(send(shop, GET + name + b": Bearer \xff\xfe\xed\xa0\x80\r\n\r\n")) in (200, 400)

    @pytest.mark.parametrize("path", [b"/api/v1/books/\xff", b"/api/v1/books/%ed%a0%80", b"/books?q=\xff\xfe"])
    def test_bytes_that_are_no_text_in_the_address(self, shop: Shop, path: bytes) -> None:
        assert status(send(shop, GET.replace(b"/api/v1/books", path) + b"\r\n")) in (200, 400, 404, 422)

    def test_10_megabytes_are_413(self, shop: Shop) -> None:
        with shop.client() as client:
            response = client.post("/api/v1/books", content=b"x" * 10**7, headers={"Content-Type": "application/json"})
        assert response.status_code == 413
        assert response.headers["Content-Type"] == "application/problem+json"

    def test_10_megabytes_in_chunks_are_413(self, shop: Shop) -> None:
        with shop.client() as client:
            chunks = (b"x" * 10**6 for _ in range(10))
            response = client.post("/api/v1/books", content=chunks, headers={"Content-Type": "application/json"})
        assert response.status_code == 413


class TestAccepted:
    def test_the_longest_address_that_a_page_gives(self, shop: Shop) -> None:
        with shop.client() as client:
            response = client.get("/api/v1/books", params={"q": "🦊" * 200, "cursor": "A" * 1900, "sort": "title"})
        assert response.status_code == 400
        assert response.json()["type"] == "/api/docs#problem-bad-request"


def send(shop: Shop, request: bytes) -> bytes:
    """What the server answers to these bytes, until it closes the connection."""
    host, port = shop.url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            # It need not read to the end what it refuses.
            pass
    return answer


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer[9:12])
