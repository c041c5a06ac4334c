"""Logging in as staff: the password, then the second factor."""

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from psycopg import Connection

from bookstore.identity import limits, passwords
from bookstore.staff.roles import Role
from tests.app.staff.conftest import PASSWORD, AddMember, LogIn, current_code


def give_password(client: FlaskClient, name: str = "ann", password: str = PASSWORD, **more: str) -> int:
    return client.post("/staff/login", data={"name": name, "password": password, **more}).status_code


class TestEnrolment:
    def test_from_the_link_to_the_first_page(self, app: Flask, owner: Connection, add_member: AddMember) -> None:
        client, link = app.test_client(), add_member()
        assert "ann" in client.get(link).text
        response = client.post(link, data={"password": PASSWORD}, follow_redirects=True)
        assert response.request.path == "/staff/login/code"
        assert "<svg" in response.text
        assert client.get("/staff").status_code == 303
        response = client.post("/staff/login/code", data={"code": current_code(app, owner, "ann")})
        assert response.text.count("<code>") == 10
        assert client.get("/staff").status_code == 200
        assert client.get("/staff/login").headers["Location"] == "/staff"

    def test_works_once(self, app: Flask, add_member: AddMember) -> None:
        client, link = app.test_client(), add_member()
        assert client.post(link, data={"password": PASSWORD}).status_code == 303
        assert client.get(link).status_code == 404
        assert client.post(link, data={"password": PASSWORD}).status_code == 404

    def test_ends(self, client: FlaskClient, owner: Connection, add_member: AddMember) -> None:
        link = add_member()
        owner.execute("UPDATE staff_member SET enrolment_ends_at = now()")
        assert client.get(link).status_code == 404

    def test_of_a_weak_password_is_refused_beside_its_field(self, client: FlaskClient, add_member: AddMember) -> None:
        response = client.post(add_member(), data={"password": "password1234567"})
        assert response.status_code == 422
        assert 'aria-describedby="password-hint password-wrong"' in response.text

    def test_keeps_no_secret_in_the_database(self, owner: Connection, add_member: AddMember) -> None:
        token = add_member().rpartition("/")[2]
        (row,) = owner.execute("SELECT staff_member::text FROM staff_member").fetchone() or ()
        assert token not in row


class TestPassword:
    @pytest.mark.parametrize("name", ["ann", "ANN", " ann ", "ann@shop.example", "Ann@Shop.Example"])
    def test_right_leads_to_the_code(self, app: Flask, enrolled: LogIn, name: str) -> None:
        enrolled()
        assert give_password(app.test_client(), name) == 303

    @pytest.mark.parametrize(("name", "password"), [("ann", "x" * 20), ("nobody", PASSWORD), ("", "")])
    def test_wrong_is_one_answer(self, client: FlaskClient, enrolled: LogIn, name: str, password: str) -> None:
        enrolled()
        response = client.post("/staff/login", data={"name": name, "password": password})
        assert response.status_code == 401
        assert "The name or the password is wrong" in response.text
        assert "Set-Cookie" not in response.headers

    def test_of_an_unknown_name_works_as_long(self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same hash is computed, with the same parameters."""
        hashes: list[str] = []
        real = type(passwords.HASHER).verify

        def verify(hasher: object, kept: str, password: bytes) -> bool:
            hashes.append(kept)
            return bool(real(passwords.HASHER, kept, password))

        monkeypatch.setattr(type(passwords.HASHER), "verify", verify)
        assert give_password(client, "nobody") == 401
        (kept,) = hashes
        assert not passwords.is_outdated(kept)

    def test_guessed_too_often_must_wait_even_when_right(self, app: Flask, enrolled: LogIn, owner: Connection) -> None:
        enrolled()
        client = app.test_client()
        assert [give_password(client, password="wrong") for _ in range(limits.FREE_GUESSES)] == [401] * 5
        response = client.post("/staff/login", data={"name": "ann", "password": PASSWORD})
        assert response.status_code == 429
        assert "wait 30 seconds" in response.text
        owner.execute("UPDATE rate_limit SET ends_at = now()")
        assert give_password(client) == 303

    def test_of_a_name_that_nobody_has_must_wait_too(self, client: FlaskClient) -> None:
        assert [give_password(client, "nobody") for _ in range(6)] == [401] * 5 + [429]

    def test_of_someone_inactive_is_wrong(self, client: FlaskClient, enrolled: LogIn, owner: Connection) -> None:
        enrolled()
        owner.execute("UPDATE staff_member SET active = false")
        assert give_password(client) == 401

    def test_is_hashed_anew_when_parameters_change(
        self, client: FlaskClient, enrolled: LogIn, owner: Connection
    ) -> None:
        enrolled()
        weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        owner.execute("UPDATE staff_member SET password_hash = %s", (weaker,))
        assert give_password(client) == 303
        (kept,) = owner.execute("SELECT password_hash FROM staff_member").fetchone() or ()
        assert not passwords.is_outdated(kept)


class TestCode:
    def test_without_a_password_is_sent_back(self, client: FlaskClient) -> None:
        for response in (client.get("/staff/login/code"), client.post("/staff/login/code", data={"code": "123456"})):
            assert response.headers["Location"] == "/staff/login"

    @pytest.mark.parametrize("code", ["", "000000", "abc", "1" * 40, "١٢٣٤٥٦"])
    def test_wrong_is_refused(self, app: Flask, enrolled: LogIn, code: str) -> None:
        enrolled()
        client = app.test_client()
        give_password(client)
        assert client.post("/staff/login/code", data={"code": code}).status_code == 401
        assert client.get("/staff").status_code == 303

    def test_works_once_and_no_earlier_one_after_it(self, app: Flask, owner: Connection, enrolled: LogIn) -> None:
        enrolled()  # with the code of the step before
        for later, status in ((-1, 401), (1, 303), (1, 401), (0, 401)):
            client = app.test_client()
            give_password(client)
            code = current_code(app, owner, "ann", later=later)
            assert client.post("/staff/login/code", data={"code": code}).status_code == status, later

    def test_a_recovery_code_works_once_however_it_is_typed(self, app: Flask, enrolled: LogIn) -> None:
        codes = enrolled().recovery_codes  # type: ignore[attr-defined]
        for code, status in ((codes[0].upper(), 303), (codes[0], 401), (codes[1].replace("-", " "), 303)):
            client = app.test_client()
            give_password(client)
            assert client.post("/staff/login/code", data={"code": code}).status_code == status

    def test_guesses_are_limited(self, app: Flask, owner: Connection, enrolled: LogIn) -> None:
        enrolled()
        client = app.test_client()
        give_password(client)
        answers = [client.post("/staff/login/code", data={"code": "000000"}).status_code for _ in range(6)]
        assert answers == [401] * 5 + [429]
        code = current_code(app, owner, "ann", later=1)
        assert client.post("/staff/login/code", data={"code": code}).status_code == 429

    def test_is_of_no_use_after_ten_minutes(self, app: Flask, owner: Connection, enrolled: LogIn) -> None:
        enrolled()
        client = app.test_client()
        give_password(client)
        owner.execute("UPDATE account_session SET created_at = now() - interval '11 min' WHERE kind = 'staff_password'")
        assert client.get("/staff/login/code").status_code == 303


class TestNext:
    @pytest.mark.parametrize(
        ("wanted", "location"),
        [
            ("/staff/account?x=1&y=2", "/staff/account?x=1&y=2"),
            ("//evil.example", "/staff"),
            ("/\\evil.example", "/staff"),
            ("https://evil.example/staff", "/staff"),
            ("/\t/evil.example", "/staff"),
            ("javascript:alert(1)", "/staff"),
            ("", "/staff"),
        ],
    )
    def test_stays_in_the_shop(
        self, app: Flask, owner: Connection, enrolled: LogIn, wanted: str, location: str
    ) -> None:
        enrolled()
        client = app.test_client()
        response = client.post("/staff/login", data={"name": "ann", "password": PASSWORD, "next": wanted})
        page = client.get(response.headers["Location"])
        assert f'name="next" value="{escape(location)}"' in page.text
        code = current_code(app, owner, "ann", later=1)
        response = client.post("/staff/login/code", data={"code": code, "next": wanted})
        assert response.headers["Location"] == location

    def test_is_the_page_that_was_asked_for(self, client: FlaskClient) -> None:
        assert client.get("/staff/people?a=b").headers["Location"] == "/staff/login?next=%2Fstaff%2Fpeople%3Fa%3Db"
        assert client.post("/staff/people").headers["Location"] == "/staff/login?next=%2Fstaff"


class TestSession:
    def test_ends_with_log_out(self, enrolled: LogIn, owner: Connection) -> None:
        client = enrolled()
        assert client.post("/staff/logout").headers["Location"] == "/staff/login"
        assert client.get("/staff").status_code == 303
        assert owner.execute("SELECT count(*) FROM account_session").fetchone() == (0,)

    @pytest.mark.parametrize(
        "ended",
        [
            "UPDATE account_session SET seen_at = now() - interval '31 min'",
            "UPDATE account_session SET created_at = now() - interval '601 min'",
            "UPDATE staff_member SET active = false",
            "DELETE FROM account_session",
        ],
    )
    def test_ends_at_once(self, enrolled: LogIn, owner: Connection, ended: str) -> None:
        client = enrolled()
        assert client.get("/staff").status_code == 200
        owner.execute(ended.encode())
        assert client.get("/staff").status_code == 303

    def test_has_a_new_role_at_once(self, enrolled: LogIn, owner: Connection) -> None:
        client = enrolled(role=Role.ADMIN)
        owner.execute("UPDATE staff_member SET role = 'clerk'")
        assert client.get("/staff/people").status_code == 403

    def test_of_the_password_alone_opens_nothing(self, app: Flask, enrolled: LogIn) -> None:
        """Not even when its token is sent as the other cookie."""
        enrolled()
        client = app.test_client()
        give_password(client)
        half = client.get_cookie("staff_password")
        assert half
        client.set_cookie("staff", half.value)
        assert client.get("/staff").status_code == 303

    def test_password_change_ends_all_others(self, app: Flask, owner: Connection, enrolled: LogIn) -> None:
        first = enrolled()
        second = app.test_client()
        give_password(second)
        second.post("/staff/login/code", data={"code": current_code(app, owner, "ann", later=1)})
        before = second.get_cookie("staff")
        new = "quiet lanterns over Lisbon"
        done = second.post("/staff/account/password", data={"password": PASSWORD, "new_password": new})
        assert done.status_code == 303
        after = second.get_cookie("staff")
        assert before
        assert after
        assert before.value != after.value
        assert second.get("/staff").status_code == 200
        assert first.get("/staff").status_code == 303
        assert give_password(app.test_client()) == 401
        assert give_password(app.test_client(), password=new) == 303

    def test_wrong_present_password_changes_nothing(self, enrolled: LogIn) -> None:
        client = enrolled()
        data = {"password": "wrong", "new_password": "quiet lanterns over Lisbon"}
        assert client.post("/staff/account/password", data=data).status_code == 422
        assert client.get("/staff").status_code == 200

    def test_everywhere_else_can_be_ended(self, app: Flask, owner: Connection, enrolled: LogIn) -> None:
        first, second = enrolled(), app.test_client()
        give_password(second)
        second.post("/staff/login/code", data={"code": current_code(app, owner, "ann", later=1)})
        assert second.post("/staff/account/sessions").status_code == 303
        assert first.get("/staff").status_code == 303
        assert second.get("/staff").status_code == 200
