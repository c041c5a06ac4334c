"""The dashboard's numbers, against the database's own."""

import random
import re
from datetime import UTC, datetime

from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.formats import money
from bookstore.orders.states import State
from bookstore.staff.chart import HEIGHT, chart
from bookstore.staff.roles import Role
from tests.app.catalogue.conftest import AddBook
from tests.app.staff.conftest import LogIn
from tests.app.staff.selling import WAYS, Sell, sell

__all__ = ["sell"]


def figures(page: str) -> dict[str, str]:
    """The boxes at the top: label to number."""
    found = re.findall(r"<div><dt>(?:<a [^>]*>)?([^<]+)(?:</a>)?</dt><dd>([^<]+)</dd></div>", page)
    return dict(found)


def table(page: str) -> list[tuple[str, str, str]]:
    """The table of days: day, orders, money."""
    number = '<td class="number">([^<]+)</td>'
    return re.findall(rf'<tr><th scope="row">(\d{{4}}-\d\d-\d\d)</th>{number}{number}</tr>', page)


class TestNumbers:
    def test_add_up_with_the_database(self, enrolled: LogIn, add_book: AddBook, sell: Sell, owner: Connection) -> None:
        """Random orders over 40 days, at hours on both sides of midnight, compared with independent SQL."""
        rng = random.Random(7)
        books = [add_book(price_cents=rng.randint(100, 9999), stock=500, title=f"Book {n}") for n in range(5)]
        books.append(add_book(stock=2, title="Scarce"))
        for _ in range(40):
            sell(rng.choice(list(WAYS)), rng.choice(books[:5]), rng.randint(1, 5))
        # One moment of UTC's day for each order, and its refund up to ten days later but not in the future.
        owner.execute("SELECT setseed(0.5)")
        owner.execute(
            "UPDATE sales_order_event e SET created_at = now() - h * interval '1 hour' "
            "FROM (SELECT id, floor(random() * 960) AS h FROM sales_order) o WHERE o.id = e.order_id"
        )
        owner.execute(
            "UPDATE sales_order_event SET created_at = least(now(), created_at + random() * interval '10 days') "
            "WHERE state = 'refunded'"
        )
        page = enrolled("ann", Role.CLERK).get("/staff").text

        def days_sql(state: str) -> dict[str, tuple[int, int]]:
            query = (
                "SELECT to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*), sum(o.total_cents)::bigint "
                "FROM sales_order o JOIN sales_order_event e ON e.order_id = o.id AND e.state = %s GROUP BY 1"
            )
            return {day: (count, cents) for day, count, cents in owner.execute(query.encode(), (state,))}

        paid, refunded = days_sql("paid"), days_sql("refunded")
        assert refunded
        rows = table(page)
        assert len(rows) == 30
        assert rows[0][0] == datetime.now(UTC).date().isoformat()
        for day, orders, revenue in rows:
            expected = paid.get(day, (0, 0))[1] - refunded.get(day, (0, 0))[1]
            assert (orders, revenue) == (str(paid.get(day, (0, 0))[0]), money(expected, "USD")), day
        shown = figures(page)
        net = {day: paid.get(day, (0, 0))[1] - refunded.get(day, (0, 0))[1] for day, *_ in rows}
        assert shown["Taken today, less refunds"] == money(net[rows[0][0]], "USD")
        assert shown["Taken in 7 days, less refunds"] == money(sum(net[row[0]] for row in rows[:7]), "USD")
        assert shown["Orders paid today"] == rows[0][1]
        for label, state in (("To pack", "paid"), ("To ship", "packed")):
            row = owner.execute("SELECT count(*) FROM sales_order WHERE state = %s", (state,)).fetchone()
            assert row
            assert shown[label] == str(row[0])
        assert shown["Running out"] == "1"
        best = owner.execute(
            "SELECT l.title, sum(l.quantity) FROM sales_order_line l JOIN sales_order o ON o.id = l.order_id "
            "JOIN sales_order_event e ON e.order_id = o.id AND e.state = 'paid' WHERE o.state <> 'refunded' "
            "AND (e.created_at AT TIME ZONE 'UTC')::date > (now() AT TIME ZONE 'UTC')::date - 30 "
            "GROUP BY l.title, l.isbn13 ORDER BY 2 DESC, l.isbn13"
        ).fetchall()
        listed = re.findall(r'dir="auto">(Book \d)</a></th><td class="number">(\d+)</td>', page)
        assert [(title, int(count)) for title, count in listed] == [(title, int(count)) for title, count in best]

    def test_the_api_has_the_same(
        self, enrolled: LogIn, add_book: AddBook, sell: Sell, client: FlaskClient, authorized: dict[str, str]
    ) -> None:
        book = add_book(title="Best", stock=9)
        for state in WAYS:
            sell(state, book)
        add_book(stock=0)
        page = enrolled("ann", Role.CLERK).get("/staff").text
        found = client.get("/api/v1/dashboard", headers=authorized).json
        assert found
        shown = figures(page)
        assert shown == {
            "Orders paid today": str(found["today"]["orders"]),
            "Taken today, less refunds": money(found["today"]["revenue_cents"], found["currency"]),
            "Taken in 7 days, less refunds": money(found["week_revenue_cents"], found["currency"]),
            "To pack": str(found["orders_by_state"]["paid"]),
            "To ship": str(found["orders_by_state"]["packed"]),
            "Running out": str(found["running_out"]),
        }
        days = [(day["date"], str(day["orders"]), money(day["revenue_cents"], "USD")) for day in found["days"]]
        assert days[::-1] == table(page)
        assert found["best_sellers"] == [{"isbn13": book["isbn13"], "title": "Best", "sold": 4}]
        assert found["orders_by_state"] == dict.fromkeys(WAYS, 1)
        assert client.get("/api/v1/dashboard").status_code == 401

    def test_all_days_add_up_to_the_orders_that_stayed_paid(
        self, enrolled: LogIn, sell: Sell, owner: Connection
    ) -> None:
        for state in WAYS:
            sell(state)
        page = enrolled("ann", Role.CLERK).get("/staff").text
        row = owner.execute(
            "SELECT sum(total_cents)::bigint FROM sales_order WHERE state IN ('paid', 'packed', 'shipped', 'delivered')"
        ).fetchone()
        assert row
        assert figures(page)["Taken in 7 days, less refunds"] == money(row[0], "USD")

    def test_another_currency_is_not_added(self, enrolled: LogIn, sell: Sell, owner: Connection) -> None:
        sell(State.PAID)
        owner.execute("UPDATE sales_order SET currency = 'EUR'")
        assert figures(enrolled("ann", Role.CLERK).get("/staff").text)["Orders paid today"] == "0"

    def test_an_empty_shop(self, enrolled: LogIn) -> None:
        page = enrolled("ann", Role.CLERK).get("/staff").text
        assert set(figures(page).values()) == {"0", "$0.00"}
        assert "Nothing was sold in these days." in page
        assert "<rect" not in page


class TestChart:
    def test_scales_to_its_range_with_losses_below_the_base(self) -> None:
        drawn = chart([0, 300, -100])
        assert drawn.base == 75
        assert [(bar.y, bar.height) for bar in drawn.bars] == [(75, 0), (0, 75), (75, 25)]
        assert all(0 <= bar.y <= bar.y + bar.height <= HEIGHT for bar in drawn.bars)

    def test_of_nothing_is_flat(self) -> None:
        assert [bar.height for bar in chart([0, 0]).bars] == [0, 0]

    def test_has_a_name_a_description_and_no_inline_style(self, enrolled: LogIn, sell: Sell) -> None:
        sell(State.PAID)
        client: FlaskClient = enrolled("ann", Role.CLERK)
        page = client.get("/staff").text
        assert page.count('role="img" aria-labelledby="chart-') == 2
        assert page.count("<desc ") == 2
        assert "style=" not in page
