"""Who may see which page: every page below /account and /staff, as everyone. A new page must be named here."""

import hashlib
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection
from werkzeug.routing import Rule

from bookstore.customers import current
from bookstore.staff import guard
from bookstore.staff.roles import Role

# The least role that may see each page of the staff; a page whose buttons differ stands under the least of them.
PAGES_OF = {
    Role.CLERK: {
        "staff_dashboard.show", "staff_account.show", "staff_account.change_password",
        "staff_account.new_recovery_codes", "staff_account.end_other_sessions", "staff_login.log_out",
        "staff_orders.board", "staff_orders.show", "staff_orders.slip", "staff_orders.change",
        "staff_books.list_books", "staff_books.new", "staff_books.add", "staff_books.show", "staff_books.save",
        "staff_books.sell", "staff_stock.overview", "staff_stock.show", "staff_stock.move",
        "staff_reviews.list_reviews", "staff_reviews.decide",
    },
    Role.MANAGER: {
        "staff_books.delete", "staff_imports.overview", "staff_imports.upload", "staff_imports.show",
        "staff_imports.start", "staff_imports.rejected", "staff_imports.export",
    },
    Role.ADMIN: {
        "staff_people.list_people", "staff_people.add", "staff_people.show", "staff_people.act", "staff_audit.show",
    },
}  # fmt: skip
LEAST = {endpoint: role for role, endpoints in PAGES_OF.items() for endpoint in endpoints}
# Pages of one customer's things: anyone else's are not found.
OF_ONE_CUSTOMER = {
    "customer_addresses.edit", "customer_addresses.change", "customer_addresses.prefer", "customer_addresses.remove",
    "customer_orders.show",
}  # fmt: skip
OWN = {
    "customer_home.home", "customer_home.security", "customer_home.change_password", "customer_home.end_other_sessions",
    "customer_addresses.list_addresses", "customer_addresses.new", "customer_addresses.add",
    "customer_orders.list_orders", "customer_data.show", "customer_data.export", "customer_data.delete",
    "customer_entrance.log_out", "customer_reviews.list_own", "customer_reviews.form", "customer_reviews.write",
    "customer_reviews.delete",
}  # fmt: skip
VALUES: dict[str, str | int] = {
    "username": "clerk", "action": "unlock", "token": "forged", "address_id": 1, "number": "AAAA-AAAA-AAAA",
    "isbn": "9780141439587", "import_id": 1, "review_id": 1, "decision": "approve", "form": "receive",
}  # fmt: skip
As = Callable[..., FlaskClient]


def rules(app: Flask, prefix: str) -> Iterator[tuple[Rule, str]]:
    """Every page below the prefix, with each of its methods."""
    for rule in app.url_map.iter_rules():
        if rule.rule == prefix or rule.rule.startswith(f"{prefix}/"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def ask(client: FlaskClient, rule: Rule, method: str) -> tuple[int, str, str]:
    """The status, where it leads, and the page."""
    values = {name: VALUES[name] for name in rule.arguments}
    with client.application.test_request_context():
        path = client.application.url_for(rule.endpoint, **values)  # type: ignore[arg-type]
    response = client.open(path, method=method)
    assert response.headers["Cache-Control"] == "no-store", path
    return response.status_code, response.headers.get("Location", "").partition("?")[0], response.text


@pytest.fixture
def client_as(app: Flask, owner: Connection) -> As:
    """A function that gives a client with a session of its own, of this kind and subject."""
    owner.execute(
        "INSERT INTO staff_member (username, email, role) VALUES"
        " ('clerk', 'c@s.example', 'clerk'), ('manager', 'm@s.example', 'manager'), ('admin', 'a@s.example', 'admin')"
    )
    owner.execute(
        "INSERT INTO customer (email, name, password_hash)"
        " VALUES ('jane@example.org', 'Jane', ''), ('joan@example.org', 'Joan', '')"
    )
    owner.execute(
        "INSERT INTO customer_address (customer_id, name, street, city, postal_code, country, preferred)"
        " VALUES (1, 'Jane', '1 Main Street', 'Springfield', '12345', 'US', true)"
    )
    owner.execute(
        "INSERT INTO sales_order (number, state, customer_id, email, name, street, city, postal_code, country,"
        " currency, subtotal_cents, shipping_cents, tax_cents, total_cents) VALUES ('AAAA-AAAA-AAAA', 'paid', 1,"
        " 'jane@example.org', 'Jane', '1 Main Street', 'Springfield', '12345', 'US', 'USD', 1, 0, 0, 1)"
    )
    made = iter(range(10**6))

    def client_as(kind: str, subject: int) -> FlaskClient:
        token, client = f"token {next(made)}", app.test_client()
        owner.execute(
            "INSERT INTO account_session (sha256, kind, subject_id, user_agent) VALUES (%s, %s, %s, '')",
            (hashlib.sha256(token.encode()).digest(), kind, subject),
        )
        for name in ("customer", "staff"):
            client.set_cookie(name, token)
        return client

    return client_as


class TestStaff:
    def test_every_page_is_named_here(self, app: Flask) -> None:
        assert {rule.endpoint for rule, _ in rules(app, "/staff")} == set(LEAST) | guard.OPEN

    @pytest.mark.parametrize("kind", ["customer", "staff_password", None])
    def test_as_anyone_else(self, app: Flask, client_as: As, kind: str | None) -> None:
        for rule, method in rules(app, "/staff"):
            if rule.endpoint not in guard.OPEN:
                client = client_as(kind, 1) if kind else app.test_client()
                assert ask(client, rule, method)[:2] == (303, "/staff/login"), (rule, method)

    @pytest.mark.parametrize("role", Role)
    def test_as(self, app: Flask, client_as: As, role: Role) -> None:
        for rule, method in rules(app, "/staff"):
            if rule.endpoint not in guard.OPEN:
                status, location, _ = ask(client_as("staff", list(Role).index(role) + 1), rule, method)
                if role.includes(LEAST[rule.endpoint]):
                    assert status < 500, (rule, method)
                    assert status != 403, (rule, method)
                    assert status != 404 or rule.arguments, (rule, method)
                    assert location != "/staff/login" or rule.endpoint == "staff_login.log_out", (rule, method)
                else:
                    assert status == 403, (rule, method)


class TestAccount:
    def test_every_page_is_named_here(self, app: Flask) -> None:
        assert {rule.endpoint for rule, _ in rules(app, "/account")} == OWN | OF_ONE_CUSTOMER | current.OPEN

    @pytest.mark.parametrize("kind", ["staff", "staff_password", None])
    def test_as_anyone_but_a_customer(self, app: Flask, client_as: As, kind: str | None) -> None:
        for rule, method in rules(app, "/account"):
            if rule.endpoint not in current.OPEN:
                client = client_as(kind, 1) if kind else app.test_client()
                assert ask(client, rule, method)[:2] == (303, "/account/login"), (rule, method)

    def test_as_another_customer(self, app: Flask, client_as: As, owner: Connection) -> None:
        before = owner.execute("SELECT customer_address::text FROM customer_address").fetchall()
        for rule, method in rules(app, "/account"):
            if rule.endpoint in OF_ONE_CUSTOMER:
                assert ask(client_as("customer", 2), rule, method)[0] == 404, (rule, method)
            elif rule.endpoint in OWN and method == "GET":
                status, _, page = ask(client_as("customer", 2), rule, method)
                assert status == 200 or rule.arguments, rule
                assert "Main Street" not in page, rule
        assert owner.execute("SELECT customer_address::text FROM customer_address").fetchall() == before

    def test_as_the_customer(self, app: Flask, client_as: As) -> None:
        for rule, method in rules(app, "/account"):
            if rule.endpoint not in current.OPEN:
                status, location, _ = ask(client_as("customer", 1), rule, method)
                assert status in (200, 303, 422) or (status == 404 and rule.arguments), (rule, method, status)
                assert location != "/account/login", (rule, method)
