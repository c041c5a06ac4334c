"""Signing up, logging in and out, and choosing another password."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.identity import limits, passwords
from tests.app.customers.conftest import PASSWORD, SignUp, last_link

Counted = Callable[[], AbstractContextManager[list[str]]]
NEW = "quiet lanterns over Lisbon"


def log_in(client: FlaskClient, password: str = PASSWORD, email: str = "jane@example.org") -> int:
    return client.post("/account/login", data={"email": email, "password": password}).status_code


class TestSignUp:
    def test_makes_no_account_before_the_mail_is_answered(self, client: FlaskClient, owner: Connection) -> None:
        client.post("/account/sign-up", data={"email": "jane@example.org"})
        assert owner.execute("SELECT count(*) FROM customer").fetchone() == (0,)

    def test_answers_alike_for_a_known_address(self, client: FlaskClient, signed_up: SignUp, owner: Connection) -> None:
        signed_up()
        known = client.post("/account/sign-up", data={"email": "Jane@Example.org"})
        unknown = client.post("/account/sign-up", data={"email": "Joan@Example.org"})
        assert known.status_code == unknown.status_code == 200
        assert known.text.replace("Jane", "Joan") == unknown.text
        assert last_link(owner, "jane@example.org") == "/account/login"
        assert last_link(owner, "Joan@Example.org").startswith("/account/confirm/")

    def test_link_works_once(self, client: FlaskClient, signed_up: SignUp, owner: Connection) -> None:
        signed_up()
        link = last_link(owner, "jane@example.org")
        response = client.post(link, data={"name": "Mallory", "password": NEW})
        assert response.status_code == 409
        assert "Set-Cookie" not in response.headers
        assert owner.execute("SELECT name FROM customer").fetchall() == [("Jane Doe",)]

    @pytest.mark.parametrize("token", ["x", "a.b.c", "ImphbmVAZXhhbXBsZS5vcmci.aaaa.bbbb"])
    def test_forged_link_is_404(self, client: FlaskClient, token: str) -> None:
        assert client.get(f"/account/confirm/{token}").status_code == 404
        assert client.post(f"/account/reset/{token}", data={"password": NEW}).status_code == 404

    @pytest.mark.parametrize(
        ("data", "wrong"),
        [
            ({"name": "", "password": NEW}, ["name"]),
            ({"name": "Jane", "password": "short"}, ["password"]),
            ({"name": "J\x01", "password": "bookstorebookstore"}, ["name", "password"]),
        ],
    )
    def test_mistakes_are_named(
        self, client: FlaskClient, owner: Connection, data: dict[str, str], wrong: list[str]
    ) -> None:
        client.post("/account/sign-up", data={"email": "jane@example.org"})
        response = client.post(last_link(owner, "jane@example.org"), data=data)
        assert response.status_code == 422
        assert [name for name in ("name", "password") if f'href="#{name}"' in response.text] == wrong
        assert data["password"] not in response.text

    @pytest.mark.parametrize("email", ["", "nothing", "a@b", "a b@c.example", "a" * 300 + "@c.example"])
    def test_of_no_address_is_refused(self, client: FlaskClient, email: str) -> None:
        assert client.post("/account/sign-up", data={"email": email}).status_code == 422

    @pytest.mark.parametrize("page", ["/account/sign-up", "/account/forgotten"])
    def test_mails_to_one_address_are_limited(self, client: FlaskClient, page: str) -> None:
        answers = [client.post(page, data={"email": "jane@example.org"}).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]

    def test_mails_of_one_client_are_limited(self, client: FlaskClient) -> None:
        answers = [client.post("/account/sign-up", data={"email": f"a{n}@b.example"}).status_code for n in range(11)]
        assert answers == [200] * 10 + [429]


class TestLogIn:
    @pytest.mark.parametrize("email", ["jane@example.org", " JANE@example.org "])
    def test_right(self, client: FlaskClient, signed_up: SignUp, email: str) -> None:
        signed_up()
        assert log_in(client, email=email) == 303
        assert "Hello, Jane Doe" in client.get("/account").text

    @pytest.mark.parametrize(
        ("email", "password"), [("jane@example.org", NEW), ("nobody@example.org", PASSWORD), ("", "")]
    )
    def test_wrong_is_one_answer(self, client: FlaskClient, signed_up: SignUp, email: str, password: str) -> None:
        signed_up()
        response = client.post("/account/login", data={"email": email, "password": password})
        assert response.status_code == 401
        assert "The e-mail address or the password is wrong" in response.text
        assert "Set-Cookie" not in response.headers

    def test_of_an_unknown_address_works_as_long(self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        hashes: list[str] = []
        real = type(passwords.HASHER).verify

        def verify(hasher: object, kept: str, password: bytes) -> bool:
            hashes.append(kept)
            return bool(real(passwords.HASHER, kept, password))

        monkeypatch.setattr(type(passwords.HASHER), "verify", verify)
        assert log_in(client) == 401
        (kept,) = hashes
        assert not passwords.is_outdated(kept)

    def test_guesses_wait_for_known_and_unknown_alike(self, client: FlaskClient, signed_up: SignUp) -> None:
        signed_up()
        for email in ("jane@example.org", "nobody@example.org"):
            assert [log_in(client, "wrong", email) for _ in range(6)] == [401] * limits.FREE_GUESSES + [429]

    def test_goes_on_to_the_page_that_was_asked_for(self, client: FlaskClient, signed_up: SignUp) -> None:
        signed_up()
        assert (
            client.get("/account/orders?cursor=x").headers["Location"].endswith("next=%2Faccount%2Forders%3Fcursor%3Dx")
        )
        for wanted, location in (("/account/orders", "/account/orders"), ("//evil.example", "/account")):
            data = {"email": "jane@example.org", "password": PASSWORD, "next": wanted}
            assert client.post("/account/login", data=data).headers["Location"] == location


class TestCookie:
    @pytest.mark.parametrize(
        ("scheme", "name", "flags"), [("http", "customer", set()), ("https", "__Host-customer", {"Secure"})]
    )
    def test_flags(self, client: FlaskClient, signed_up: SignUp, scheme: str, name: str, flags: set[str]) -> None:
        signed_up()
        data = {"email": "jane@example.org", "password": PASSWORD}
        cookie = client.post("/account/login", data=data, base_url=f"{scheme}://localhost").headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        told = {part for part in cookie.split("; ")[1:] if not part.startswith(("Expires", "Max-Age"))}
        assert told == {"HttpOnly", "SameSite=Lax", "Path=/"} | flags

    def test_is_new_at_each_log_in_and_the_old_one_ends(
        self, client: FlaskClient, signed_up: SignUp, app: Flask
    ) -> None:
        """Session fixation: what was planted before the log-in opens nothing after it."""
        signed_up()
        client.set_cookie("customer", "planted")
        log_in(client)
        first = client.get_cookie("customer")
        log_in(client)
        second = client.get_cookie("customer")
        assert first
        assert second
        assert len({"planted", first.value, second.value}) == 3
        for value in ("planted", first.value):
            other = app.test_client()
            other.set_cookie("customer", value)
            assert other.get("/account").status_code == 303

    def test_is_kept_as_a_hash(self, signed_up: SignUp, owner: Connection) -> None:
        cookie = signed_up().get_cookie("customer")
        (row,) = owner.execute("SELECT account_session::text FROM account_session").fetchone() or ()
        assert cookie
        assert cookie.value not in row
        assert cookie.value.encode().hex() not in row

    def test_without_one_nothing_is_asked(self, client: FlaskClient, counted_queries: Counted) -> None:
        with counted_queries() as statements:
            client.get("/account/login")
        assert statements == []

    def test_use_is_noted_once_a_minute(self, signed_up: SignUp, counted_queries: Counted, owner: Connection) -> None:
        client = signed_up()
        with counted_queries() as statements:
            client.get("/account")
        assert not [one for one in statements if one.startswith("UPDATE")]
        owner.execute("UPDATE account_session SET seen_at = now() - interval '2 min'")
        with counted_queries() as statements:
            client.get("/account")
            client.get("/account")
        assert len([one for one in statements if one.startswith("UPDATE")]) == 1


class TestLogOut:
    def test_ends_the_session(self, signed_up: SignUp, owner: Connection) -> None:
        client = signed_up()
        assert client.post("/account/logout").headers["Location"] == "/"
        assert client.get("/account").status_code == 303
        assert owner.execute("SELECT count(*) FROM account_session").fetchone() == (0,)

    def test_of_a_form_of_another_site_is_refused(self, signed_up: SignUp) -> None:
        client = signed_up()
        assert client.post("/account/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.get("/account").status_code == 200


class TestPassword:
    def test_reset_by_mail_ends_every_session(self, app: Flask, signed_up: SignUp, owner: Connection) -> None:
        old = signed_up()
        client = app.test_client()
        client.post("/account/forgotten", data={"email": "jane@example.org"})
        link = last_link(owner, "jane@example.org")
        assert client.get(link).status_code == 200
        assert client.post(link, data={"password": NEW}).status_code == 303
        assert client.get("/account").status_code == 200
        assert old.get("/account").status_code == 303
        assert client.post(link, data={"password": NEW + "!"}).status_code == 404
        assert log_in(app.test_client()) == 401
        assert log_in(app.test_client(), NEW) == 303

    def test_reset_answers_alike_for_an_unknown_address(self, client: FlaskClient, signed_up: SignUp) -> None:
        signed_up()
        known = client.post("/account/forgotten", data={"email": "jane@example.org"}).text
        assert client.post("/account/forgotten", data={"email": "joan@example.org"}).text == known.replace(
            "jane", "joan"
        )

    def test_change_keeps_this_session_alone(self, app: Flask, signed_up: SignUp) -> None:
        client, other = signed_up(), app.test_client()
        log_in(other)
        before = client.get_cookie("customer")
        assert client.post("/account/password", data={"password": "wrong", "new_password": NEW}).status_code == 422
        assert client.post("/account/password", data={"password": PASSWORD, "new_password": "short"}).status_code == 422
        assert client.post("/account/password", data={"password": PASSWORD, "new_password": NEW}).status_code == 303
        after = client.get_cookie("customer")
        assert before
        assert after
        assert before.value != after.value
        assert client.get("/account").status_code == 200
        assert other.get("/account").status_code == 303

    def test_everywhere_else_can_be_ended(self, app: Flask, signed_up: SignUp) -> None:
        client, other = signed_up(), app.test_client()
        log_in(other)
        client.post("/account/sessions")
        assert other.get("/account").status_code == 303
        assert client.get("/account").status_code == 200
