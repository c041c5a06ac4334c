"""Many at once, over HTTP, on two processes: limits hold, and what works once works once."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from bookstore.identity.limits import FREE_GUESSES
from tests.app.conftest import Shop
from tests.databases import bookstore

PASSWORD = "violet otters hum at noon"
AT_ONCE = 8


def at_once(shop: Shop, ask: Callable[[httpx.Client], httpx.Response]) -> Counter[int]:
    """The statuses of the same request, sent by several clients at once."""

    def one(_: int) -> int:
        with httpx.Client(base_url=shop.url, timeout=60) as client:
            response = ask(client)
            while response.status_code == 503:  # too many hashes at once: as a client is told to do
                response = ask(client)
            return response.status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(one, range(AT_ONCE)))


@pytest.fixture
def database_of_shop(shop: Shop) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DELETE FROM rate_limit")
        yield connection


def mailed_path(database: psycopg.Connection, recipient: str) -> str:
    row = database.execute(
        "SELECT body FROM outbox_message WHERE recipient = %s ORDER BY id DESC LIMIT 1", (recipient,)
    ).fetchone()
    assert row
    found = re.search(r"http://[^/]+(/\S+)", row[0])
    assert found
    return found[1]


class TestGuesses:
    @pytest.mark.usefixtures("database_of_shop")
    def test_at_once_are_as_few_as_one_after_the_other(self, shop: Shop) -> None:
        data = {"name": "nobody-at-once", "password": "wrong"}
        seen = at_once(shop, lambda client: client.post("/staff/login", data=data))
        assert seen == {401: FREE_GUESSES, 429: AT_ONCE - FREE_GUESSES}


class TestOnce:
    def test_an_enrolment(self, shop: Shop, database_of_shop: psycopg.Connection) -> None:
        link = bookstore(
            "staff", "add", "race", "--email", "race@s.example", "--role", "clerk", env=shop.environment
        ).stdout.strip()
        path = re.sub(r"^http://[^/]+", "", link)
        seen = at_once(shop, lambda client: client.post(path, data={"password": PASSWORD}))
        assert seen == {303: 1, 404: AT_ONCE - 1}
        self.a_code(shop, database_of_shop)

    @staticmethod
    def a_code(shop: Shop, database: psycopg.Connection) -> None:
        """Of several with the password, one gets in with a recovery code."""
        from bookstore.identity import totp

        database.execute("UPDATE staff_member SET totp_step = 0 WHERE username = 'race'")
        database.execute(
            "INSERT INTO staff_recovery_code SELECT id, %s FROM staff_member WHERE username = 'race'",
            (totp.recovery_digest("abcd-efgh"),),
        )
        clients = [httpx.Client(base_url=shop.url, timeout=60) for _ in range(4)]
        for client in clients:
            answer = client.post("/staff/login", data={"name": "race", "password": PASSWORD})
            assert answer.status_code == 303
        with ThreadPoolExecutor(4) as pool:
            answers = pool.map(lambda one: one.post("/staff/login/code", data={"code": "abcd-efgh"}), clients)
            assert Counter(answer.status_code for answer in answers) == {303: 1, 401: 3}
        for client in clients:
            client.close()

    def test_a_sign_up_and_a_reset(self, shop: Shop, database_of_shop: psycopg.Connection) -> None:
        email = "race@example.org"
        httpx.post(f"{shop.url}/account/sign-up", data={"email": email})
        path = mailed_path(database_of_shop, email)
        seen = at_once(shop, lambda client: client.post(path, data={"name": "Race", "password": PASSWORD}))
        assert seen == {303: 1, 409: AT_ONCE - 1}
        httpx.post(f"{shop.url}/account/forgotten", data={"email": email})
        path = mailed_path(database_of_shop, email)
        seen = at_once(shop, lambda client: client.post(path, data={"password": "quiet lanterns over Lisbon"}))
        assert seen == {303: 1, 404: AT_ONCE - 1}
