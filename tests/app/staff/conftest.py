"""Members of the staff, made and logged in as they would be."""

import re
import time
from collections.abc import Callable
from threading import enumerate as enumerate_threads

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.db import unit_of_work
from bookstore.identity import totp
from bookstore.staff import service
from bookstore.staff.roles import Role

PASSWORD = "violet otters hum at noon"
AddMember = Callable[..., str]
LogIn = Callable[..., FlaskClient]


def wait_for_imports() -> None:
    """Return once no import is worked on, before the next test empties the tables."""
    for thread in enumerate_threads():
        if thread.name.startswith("import-"):
            thread.join(30)


def current_code(app: Flask, owner: Connection, username: str, *, later: int = 0) -> str:
    """What the member's authenticator shows now, or so many steps later."""
    row = owner.execute("SELECT totp_seed FROM staff_member WHERE username = %s", (username,)).fetchone()
    assert row
    with app.app_context():
        otp = pyotp.TOTP(totp.typed_secret(row[0]).replace(" ", ""))
    return str(otp.generate_otp(int(time.time()) // totp.PERIOD_SECONDS + later))


@pytest.fixture
def add_member(app: Flask) -> AddMember:
    """A function that adds a member, and gives the path of the link to enrol."""

    def add(username: str = "ann", role: Role = Role.ADMIN) -> str:
        with app.app_context(), unit_of_work() as session:
            link = service.add(session, username, f"{username}@shop.example", role)
        return link.removeprefix("http://localhost:8000")

    return add


@pytest.fixture
def enrolled(app: Flask, owner: Connection, add_member: AddMember) -> LogIn:
    """A function that adds a member, enrols, and gives the client that has logged in."""

    def enrol(username: str = "ann", role: Role = Role.ADMIN) -> FlaskClient:
        client = app.test_client()
        link = add_member(username, role)
        assert client.post(link, data={"password": PASSWORD}).status_code == 303
        # The code of the step before leaves the present one to the test; a step may end between reading and sending.
        for _ in range(2):
            done = client.post("/staff/login/code", data={"code": current_code(app, owner, username, later=-1)})
            if done.status_code == 200:
                break
        assert done.status_code == 200
        client.recovery_codes = re.findall(r"<code>([a-z2-7-]+)</code>", done.text)  # type: ignore[attr-defined]
        return client

    return enrol
