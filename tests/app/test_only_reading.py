"""A database that takes no changes, for its disk is full or it has become a replica: changes wait, reading goes on."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from psycopg import Connection
from psycopg.sql import SQL, Identifier, Literal

from tests.app.customers.conftest import SignUp, signed_up

__all__ = ["signed_up"]

CODES = {"disk full": "53100", "replica": "25006", "another reason": "XX000"}
REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'nothing can be written' USING ERRCODE = TG_ARGV[0]; END $$
"""


@pytest.fixture
def refusing(request: pytest.FixtureRequest, owner: Connection) -> Iterator[None]:
    """Carts and sessions cannot be written, for the reason of that name."""
    owner.execute(REFUSE)
    trigger = SQL("CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {} EXECUTE FUNCTION refuse({})")
    for table in ("cart", "account_session"):
        owner.execute(trigger.format(Identifier(table), Literal(CODES[request.param])))
    yield
    owner.execute("DROP FUNCTION refuse CASCADE")


@pytest.fixture
def customer(signed_up: SignUp, owner: Connection) -> FlaskClient:
    """Somebody who was last seen an hour ago."""
    client = signed_up()
    owner.execute("UPDATE account_session SET seen_at = now() - interval '1 hour'")
    return client


@pytest.mark.parametrize("refusing", ["disk full", "replica"], indirect=True)
class TestOnlyReading:
    def test_changes_are_to_be_sent_again(self, client: FlaskClient, refusing: None) -> None:
        answer = client.post("/api/v1/carts")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert answer.json
        assert answer.json["detail"] == "The database takes no changes just now. Nothing was changed."

    def test_reading_goes_on_also_for_who_has_logged_in(self, customer: FlaskClient, refusing: None) -> None:
        for path in ("/", "/api/v1/books", "/account"):
            assert customer.get(path).status_code == 200


@pytest.mark.parametrize("refusing", ["another reason"], indirect=True)
def test_any_other_reason_is_our_mistake(client: FlaskClient, refusing: None) -> None:
    assert client.post("/api/v1/carts").status_code == 500
