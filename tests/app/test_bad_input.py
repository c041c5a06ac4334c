"""What nobody should send: each gets an answer that helps, and none is a 500."""

import pytest
from flask.testing import FlaskClient

from tests.app.problems import BOOK, BOOKS, HUGE, assert_problem, invalid

HOSTILE = [
    "a & & b",
    "a | | b ! <-> (",
    "'\"; DROP TABLE book; --",
    '"unbalanced',
    "'unbalanced",
    "\\",
    "\\'\\\"\\",
    "!!!",
    "<->",
    "a:*",
    "a:b:c",
    "%s %(x)s {} {0} $1 :x",
    "<script>alert(1)</script>",
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}\N{PILE OF POO}",
    "\u202eعربي\u202c",
    "\ufeff\u200b\u0301",
    "\ufffe\uffff",
    "\x01\x1b[31m\x7f",
    "or or or",
    "- - -",
    "-a -b -c",
    '"" "" ""',
    "a" * 200,
    "((((((((((",
    "\r\nSet-Cookie: a=b",
]


class TestQuery:
    @pytest.mark.parametrize("q", HOSTILE)
    @pytest.mark.parametrize("path", [BOOKS, "/books"])
    def test_hostile_words_find_nothing(self, client: FlaskClient, path: str, q: str) -> None:
        response = client.get(path, query_string={"q": q})
        assert response.status_code == 200
        assert "<script>alert" not in response.text or response.mimetype == "application/json"
        assert "Set-Cookie" not in response.headers

    @pytest.mark.parametrize("q", ["x" * 201, "x" * 100_000, '"' * 5000])
    def test_too_many_words_are_invalid(self, client: FlaskClient, q: str) -> None:
        invalid(client.get(BOOKS, query_string={"q": q}), "/query/q")
        assert client.get("/books", query_string={"q": q}).status_code == 200

    @pytest.mark.parametrize("path", [BOOKS, "/books", "/api/v1/authors", "/", "/nothing", "/livez"])
    @pytest.mark.parametrize("query", ["q=%00", "cursor=a%00b", "%00=1", "author=%00"])
    def test_nul_is_a_bad_request(self, client: FlaskClient, path: str, query: str) -> None:
        response = client.get(f"{path}?{query}")
        assert response.status_code == 400
        assert (response.mimetype == "application/problem+json") is path.startswith("/api")

    @pytest.mark.parametrize("raw", ["%ED%A0%80", "%FF", "%C3%28", "%", "%zz", "%u0041", "é"])
    @pytest.mark.parametrize("name", ["q", "author", "language", "cursor", "sort", "limit", "unknown"])
    def test_bytes_that_are_no_text(self, client: FlaskClient, name: str, raw: str) -> None:
        for path in (BOOKS, "/books", "/api/v1/authors"):
            assert client.get(f"{path}?{name}={raw}").status_code in (200, 400, 422)

    @pytest.mark.parametrize("number", [*HUGE, "1e400", "NaN", "Infinity", "-0", "0x10", "1e999999", "٣", "1_0", " 1 "])
    @pytest.mark.parametrize("name", ["limit", "year_from", "year_to", "price_from", "price_to"])
    def test_numbers_beyond_every_column(self, client: FlaskClient, name: str, number: object) -> None:
        assert client.get(BOOKS, query_string={name: str(number)}).status_code in (200, 422)
        assert client.get("/books", query_string={name: str(number)}).status_code == 200

    def test_every_mistake_is_named_at_once(self, client: FlaskClient) -> None:
        response = client.get(f"{BOOKS}?limit=0&sort=wrong&language=!&year_from=x&in_stock=maybe&un~kn/own=1&q=a&q=b")
        invalid(
            response,
            *("/query/limit", "/query/sort", "/query/language", "/query/year_from", "/query/in_stock", "/query/q"),
            "/query/un~0kn~1own",
        )

    @pytest.mark.parametrize("name", ["q", "sort", "limit", "author", "cursor", "in_stock"])
    def test_a_repeated_parameter_is_invalid(self, client: FlaskClient, name: str) -> None:
        invalid(client.get(f"{BOOKS}?{name}=1&{name}=2"), f"/query/{name}")
        assert client.get(f"/books?{name}=1&{name}=2").status_code in (200, 400)


class TestPath:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/books/%00",
            "/api/v1/authors/a%00b",
            "/books/%00",
            "/authors/%00",
            "/static/x/%00",
            "/covers/%00.svg",
            "/%00",
        ],
    )
    def test_nul_is_a_bad_request(self, client: FlaskClient, path: str) -> None:
        assert client.get(path).status_code == 400

    @pytest.mark.parametrize(
        "part", ["%ED%A0%80", "%FF%FE", "2" * 400, "-1", "9" * 13, "%0d%0aX: y", "\N{SNOWMAN}", "."]
    )
    @pytest.mark.parametrize("prefix", [f"{BOOKS}/", "/api/v1/authors/", "/books/", "/authors/", "/covers/", "/api/"])
    def test_nonsense_is_not_found_or_invalid(self, client: FlaskClient, prefix: str, part: str) -> None:
        assert client.get(prefix + part).status_code in (200, 301, 308, 404, 422)

    @pytest.mark.parametrize("dots", ["..", "%2e%2e", "..%2f..", "..%5c..", "%252e%252e", "....//"])
    @pytest.mark.parametrize("prefix", ["/static/", "/static/x/", "/static/x/covers/"])
    @pytest.mark.parametrize("target", ["app.py", "etc/passwd", "templates/layout.html"])
    def test_static_files_stay_in_their_folder(self, client: FlaskClient, prefix: str, dots: str, target: str) -> None:
        for steps in (1, 6):
            response = client.get(prefix + f"{dots}/" * steps + target, follow_redirects=True)
            assert response.status_code == 404
            assert "root:" not in response.text
            assert "create_app" not in response.text


class TestHost:
    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "[::2]", "a b", "", "\xff", "local\\host"]
    )
    def test_that_is_not_ours_is_a_bad_request(self, client: FlaskClient, host: str) -> None:
        for path in (BOOKS, "/", "/nothing", "/static/x/shop.css", "/api/openapi.json"):
            response = client.get(path, headers={"Host": host})
            assert response.status_code == 400
            assert host not in response.text or not host.strip() or len(host) < 4
        assert_problem(client.get(BOOKS, headers={"Host": host}))

    def test_does_not_matter_for_health(self, client: FlaskClient) -> None:
        for path in ("/livez", "/readyz"):
            assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200

    def test_forwarded_by_nobody_trusted_is_ignored(self, client: FlaskClient) -> None:
        response = client.get(BOOKS, headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
        assert response.status_code == 200
        assert "Strict-Transport-Security" not in response.headers


class TestMethod:
    @pytest.mark.parametrize("method", ["TRACE", "BREW", "CONNECT", "PROPFIND", "get", "X" * 100])
    @pytest.mark.parametrize("path", [BOOKS, "/", "/books", "/livez", "/api/openapi.json"])
    def test_that_is_invented_is_405(self, client: FlaskClient, path: str, method: str) -> None:
        response = client.open(path, method=method, headers={"Authorization": "Bearer secret-token"})
        assert response.status_code in ((405, 200) if method == "get" else (405,))
        assert "secret-token" not in response.text


class TestError:
    def test_of_the_api_is_a_problem(self, client: FlaskClient) -> None:
        for path in ("/api", "/api/nothing", "/api/v1/nothing", f"{BOOKS}/", f"{BOOKS}?limit=0"):
            response = client.get(path)
            assert response.status_code >= 400
            assert_problem(response)

    def test_of_a_page_is_a_page(self, client: FlaskClient) -> None:
        for path in ("/nothing", "/books/nothing", "/authors/nobody", "/%00"):
            response = client.get(path)
            assert response.status_code >= 400
            assert response.mimetype == "text/html"
            assert "<h1" in response.text
            assert "Traceback" not in response.text

    def test_echoes_nothing_that_was_sent(self, client: FlaskClient, authorized: dict[str, str]) -> None:
        secret = "s3cret-value"
        for response in (
            client.post(BOOKS, json=BOOK | {"price_cents": secret, "isbn": secret}, headers=authorized),
            client.get(BOOKS, query_string={"limit": secret, "cursor": secret}),
            client.get(f"{BOOKS}/{secret}"),
            client.get(f"/api/v1/authors/{secret}"),
            client.get("/api/v1/books/9780141439587", headers={"Authorization": secret, "Cookie": secret}),
        ):
            assert response.status_code >= 400
            assert secret not in response.text
            assert authorized["Authorization"].split()[1] not in response.text
