"""Orders as staff see and take them further."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.orders.numbers import as_number
from bookstore.orders.states import TRANSITIONS, State
from bookstore.staff.pages.orders import BUTTONS
from bookstore.staff.roles import Role
from tests.app.staff.conftest import LogIn
from tests.app.staff.selling import WAYS, Sell, sell

__all__ = ["sell"]


def take(client: FlaskClient, number: str, before: str, state: str, reason: str = "") -> Any:
    data = {"state": state, "before": before, "reason": reason}
    return client.post(f"/staff/orders/{number}/transitions", data=data)


def state_of(owner: Connection, number: str) -> str:
    row = owner.execute("SELECT state FROM sales_order WHERE number = %s", (number,)).fetchone()
    assert row
    return str(row[0])


class TestBoard:
    def test_counts_and_filters(self, enrolled: LogIn, sell: Sell) -> None:
        clerk = enrolled("ann", Role.CLERK)
        paid, packed = sell(State.PAID), sell(State.PACKED)
        page = clerk.get("/staff/orders").text
        assert "All <b>2</b>" in page
        assert "Packed <b>1</b>" in page
        assert "Refunded <b>0</b>" in page
        assert paid in page
        only = clerk.get("/staff/orders?state=packed").text
        assert packed in only
        assert paid not in only

    def test_finds_by_number_and_e_mail(self, enrolled: LogIn, sell: Sell) -> None:
        clerk = enrolled("ann", Role.CLERK)
        one, other = sell(email="Ann@Example.org"), sell()
        assert one in clerk.get("/staff/orders?find=ann@example.ORG").text
        assert other not in clerk.get("/staff/orders?find=ann@example.ORG").text
        found = clerk.get("/staff/orders", query_string={"find": one.lower().replace("-", " ")}).text
        assert one in found
        assert other not in found
        assert "There is no such order" in clerk.get("/staff/orders?find=nothing").text
        assert "There is no such order" in clerk.get("/staff/orders?find=%25@%25").text

    def test_the_api_finds_them_too(self, client: FlaskClient, authorized: dict[str, str], sell: Sell) -> None:
        one, other = sell(email="Ann@Example.org"), sell(State.PACKED)

        def found(**query: str) -> list[tuple[str, str, str]]:
            page = client.get("/api/v1/orders", query_string=query, headers=authorized).json or {}
            return [(item["number"], item["email"], item["name"]) for item in page["items"]]

        of_one, of_other = (one, "Ann@Example.org", "A. Reader"), (other, "reader@example.org", "A. Reader")
        assert found() == [of_other, of_one]
        assert found(find="ann@example.ORG") == found(find=one.lower().replace("-", " ")) == [of_one]
        assert found(find="ann@example.org", state="packed") == found(find="nothing") == found(find="%@%") == []

    def test_number_however_it_is_typed(self) -> None:
        assert as_number("7kq2m4zto9xi") == "7KQ2-M4ZT-09X1"
        assert as_number(" 7KQ2-M4ZT-09XB ") == "7KQ2-M4ZT-09XB"
        assert as_number("7kq2") == "7kq2"

    def test_pages_by_keyset(self, enrolled: LogIn, sell: Sell, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bookstore.staff.pages.orders.PER_PAGE", 2)
        clerk = enrolled("ann", Role.CLERK)
        numbers = [sell() for _ in range(3)]
        first = clerk.get("/staff/orders?state=paid").text
        link = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = clerk.get(link).text
        assert [number in first for number in numbers] == [False, True, True]
        assert [number in second for number in numbers] == [True, False, False]


class TestSteps:
    def test_shows_all_that_is_known(self, enrolled: LogIn, sell: Sell) -> None:
        number = sell(State.PACKED, gift_note="For <you>")
        page = enrolled("ann", Role.CLERK).get(f"/staff/orders/{number}").text
        assert "For &lt;you&gt;" in page
        for text in ("A. Reader", "1 Main Street", "United States", "reader@example.org", "A Title", "system"):
            assert text in page

    def test_offers_what_may_follow_and_nothing_else(self, enrolled: LogIn, sell: Sell) -> None:
        manager = enrolled("ann", Role.MANAGER)
        for state in State:
            page = manager.get(f"/staff/orders/{sell(state)}").text
            assert {one for one in State if f'name="state" value="{one}"' in page} == TRANSITIONS[state]

    def test_from_paid_to_delivered(self, enrolled: LogIn, sell: Sell, owner: Connection) -> None:
        clerk, number = enrolled("ann", Role.CLERK), sell(State.PAID)
        for before, state in (("paid", "packed"), ("packed", "shipped"), ("shipped", "delivered")):
            assert take(clerk, number, before, state).headers["Location"] == f"/staff/orders/{number}"
        events = owner.execute("SELECT state, actor FROM sales_order_event ORDER BY id").fetchall()
        assert events[-3:] == [(state, "staff:ann") for state in ("packed", "shipped", "delivered")]
        audit = owner.execute("SELECT actor, action, target FROM audit_log WHERE action LIKE 'order.%' ORDER BY id")
        assert audit.fetchall() == [
            ("staff:ann", f"order.{state}", f"order:{number}") for state in ("packed", "shipped", "delivered")
        ]

    def test_others_are_refused(self, enrolled: LogIn, sell: Sell, owner: Connection) -> None:
        manager = enrolled("ann", Role.MANAGER)
        for before in State:
            number = sell(before)
            for to in set(State) - TRANSITIONS[before]:
                response = take(manager, number, before, to, "because")
                assert response.status_code == (409 if to in BUTTONS else 404), (before, to)
            assert state_of(owner, number) == before
        assert owner.execute("SELECT count(*) FROM audit_log WHERE action LIKE 'order.%'").fetchone() == (0,)

    def test_cancel_needs_a_reason_and_puts_books_back(self, enrolled: LogIn, sell: Sell, owner: Connection) -> None:
        clerk, number = enrolled("ann", Role.CLERK), sell(State.PENDING_PAYMENT)
        response = take(clerk, number, "pending_payment", "cancelled", " ")
        assert response.status_code == 422
        assert 'aria-describedby="reason-cancelled-wrong"' in response.text
        assert take(clerk, number, "pending_payment", "cancelled", "asked on the phone").status_code == 303
        assert owner.execute("SELECT stock FROM book").fetchone() == (3,)
        last = owner.execute("SELECT quantity, reason, actor FROM stock_movement ORDER BY id DESC LIMIT 1").fetchone()
        assert last == (1, "returned", "staff:ann")

    @pytest.mark.parametrize("to", [State.PAID, State.REFUNDED])
    def test_money_needs_a_manager(self, enrolled: LogIn, sell: Sell, owner: Connection, to: State) -> None:
        before = State.PENDING_PAYMENT if to is State.PAID else State.PAID
        clerk, number = enrolled("ann", Role.CLERK), sell(before)
        assert f"“{BUTTONS[to]}” needs a manager" in clerk.get(f"/staff/orders/{number}").text
        assert take(clerk, number, before, to, "because").status_code == 403
        assert state_of(owner, number) == before
        assert take(enrolled("bob", Role.MANAGER), number, before, to, "because").status_code == 303
        assert state_of(owner, number) == to
        action = "SELECT actor, details FROM audit_log WHERE action = %s"
        assert owner.execute(action.encode(), (f"order.{to}",)).fetchall() == [
            ("staff:bob", {"before": before, "reason": "because"})
        ]

    def test_second_click_is_told_that_another_was_faster(self, enrolled: LogIn, sell: Sell, owner: Connection) -> None:
        first, second, number = enrolled("ann", Role.CLERK), enrolled("bob", Role.CLERK), sell(State.PAID)
        assert take(first, number, "paid", "packed").status_code == 303
        response = take(second, number, "paid", "packed")
        assert response.status_code == 409
        assert "Somebody else was faster: this order is packed now." in response.text
        assert owner.execute("SELECT count(*) FROM sales_order_event WHERE state = 'packed'").fetchone() == (1,)

    def test_of_many_clicks_at_once_one_wins(self, enrolled: LogIn, sell: Sell, owner: Connection) -> None:
        clerks = [enrolled(name, Role.CLERK) for name in ("ann", "bob", "cat")]
        for _ in range(3):
            number = sell(State.PAID)
            with ThreadPoolExecutor(3) as pool:
                answers = [pool.submit(take, clerk, number, "paid", "packed") for clerk in clerks]
            assert sorted(answer.result().status_code for answer in answers) == [303, 409, 409]
        assert owner.execute("SELECT count(*) FROM audit_log WHERE action = 'order.packed'").fetchone() == (3,)

    def test_unknown_order_is_not_found(self, enrolled: LogIn) -> None:
        clerk = enrolled("ann", Role.CLERK)
        assert clerk.get("/staff/orders/7KQ2-M4ZT-09XB").status_code == 404
        assert clerk.get("/staff/orders/7KQ2-M4ZT-09XB/slip").status_code == 404
        assert take(clerk, "7KQ2-M4ZT-09XB", "paid", "packed").status_code == 404
        assert set(WAYS) == set(State)


class TestSlip:
    def test_has_what_goes_into_the_parcel_and_no_price(self, enrolled: LogIn, sell: Sell) -> None:
        number = sell(State.PAID, gift_note="Happy birthday")
        page = enrolled("ann", Role.CLERK).get(f"/staff/orders/{number}/slip").text
        for text in (number, "A Title", "A. Reader", "Happy birthday"):
            assert text in page
        assert "$" not in page.split("<article")[1].split("</article>")[0]


class TestApi:
    def test_tells_who_took_each_step_and_how_it_was_paid(
        self, client: FlaskClient, authorized: dict[str, str], sell: Sell, owner: Connection
    ) -> None:
        number = sell(State.PAID)
        owner.execute(
            "INSERT INTO payment (order_id, provider, provider_id, state, amount_cents, currency, checkout_url)"
            " VALUES (1, 'sandbox', 'pay_1', 'declined', 5, 'USD', ''), (1, 'sandbox', 'pay_2', 'paid', 5, 'USD', '')"
        )
        where = f"/api/v1/orders/{number}"
        body = {"state": "packed", "reason": "Gift wrap"}
        assert client.post(f"{where}/transitions", json=body, headers=authorized).status_code == 200
        history = client.get(f"{where}/history", headers=authorized).json or {}
        steps = [(step["state"], step["actor"], step["reason"]) for step in history["items"]]
        assert steps[1:] == [("paid", "system", None), ("packed", "token:tests", "Gift wrap")]
        paid = client.get(f"{where}/payments", headers=authorized).json or {}
        assert [(one["provider_id"], one["state"]) for one in paid["items"]] == [
            ("pay_1", "declined"),
            ("pay_2", "paid"),
        ]
        order = client.get(where, headers=authorized).json or {}
        for path in ("history", "payments"):
            assert client.get(f"{where}/{path}?token={order['token']}").status_code == 401
            assert client.get(f"/api/v1/orders/0000-0000-0000/{path}", headers=authorized).status_code == 404

    def test_a_step_can_name_the_state_that_was_seen(
        self, client: FlaskClient, authorized: dict[str, str], sell: Sell, owner: Connection
    ) -> None:
        number = sell(State.SHIPPED)
        body = {"state": "refunded", "before": "paid"}
        refused = client.post(f"/api/v1/orders/{number}/transitions", json=body, headers=authorized)
        assert refused.status_code == 409
        assert "is shipped now" in (refused.json or {})["detail"]
        assert state_of(owner, number) == "shipped"
