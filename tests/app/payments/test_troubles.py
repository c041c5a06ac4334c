"""What goes wrong between a shop and its payment provider ends well, by itself or by `bookstore payments reconcile`."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from tests.app.payments.market import EARLY, PAID, SILENT, Market, Order, market, sandbox, wait_until
from tests.databases import Databases
from tests.servers import free_port

START = """
import sys
from bookstore.admin.context import application
from bookstore.payments import service
with application():
    print(service.start(sys.argv[1], sys.argv[2]))
"""


class TestWebhookNeverComes:
    def test_reconcile_settles_it(self, till: Market) -> None:
        order = till.order()
        till.pay(order, SILENT)
        till.check_untouched(order)
        assert f"{till.payments(order)[0][0]}: open -> paid" in till.reconcile().stdout
        till.check(order, "paid", "paid")

    def test_payment_of_the_last_minute_is_left_alone(self, till: Market) -> None:
        order = till.order()
        till.pay(order, SILENT)
        till.reconcile()
        second = till.order()
        till.pay(second, SILENT)
        assert till.payments(second)[0][0] not in till.reconcile(later=False).stdout
        till.check_untouched(second)

    def test_two_runs_at_once_share_the_work(self, till: Market) -> None:
        till.reconcile()
        orders = [till.order() for _ in range(6)]
        for order in orders:
            till.pay(order, SILENT)
        till.grow_old()
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(lambda _: till.reconcile(later=False), range(2)))
        lines = "".join(run.stdout for run in runs)
        for order in orders:
            assert lines.count(f"{till.payments(order)[0][0]}: ") == 1
            till.check(order, "paid", "paid")


class TestTooLate:
    def test_money_for_a_cancelled_order_goes_back(self, till: Market) -> None:
        order = till.order()
        url = till.checkout_url(order)
        till.expire(order)
        till.check(order, "cancelled", "open")
        assert till.http.post(url, data={"card": PAID}).status_code == 303
        till.until(order, "cancelled", "refund_pending")
        assert any("on its way back" in subject for subject in till.subjects(order))
        assert "refund_pending -> refunded" in till.reconcile().stdout
        till.check(order, "cancelled", "refunded")

    def test_so_it_does_without_any_webhook(self, till: Market) -> None:
        order = till.order()
        till.pay(order, SILENT)
        till.expire(order)
        assert "open -> refunded" in till.reconcile().stdout
        till.check(order, "cancelled", "refunded")

    def test_unpaid_payment_expires(self, databases: Databases) -> None:
        with market(databases, "expiring", lifetime_seconds="0.1") as short:
            order = short.order()
            url = short.checkout_url(order)
            wait_until(lambda: "is expired" in short.http.get(url).text, "the payment to expire")
            assert short.http.post(url, data={"card": PAID}).status_code == 409
            short.page(order)
            short.check(order, "pending_payment", "expired")


class TestProviderAway:
    def test_buyer_is_told_and_nothing_is_lost(self, till: Market) -> None:
        order = till.order()
        with till.provider.hanging():
            answer = till.start(order)
            assert answer.status_code == 503
            assert "nothing was charged" in answer.json()["detail"]
            page = till.http.post(f"{till.shop.url}/orders/{order.token}/payment")
            assert page.status_code == 503
            assert "Please try again" in page.text
            assert till.states(order) == ()
        till.pay(order, EARLY)
        till.check(order, "paid", "paid")

    def test_nobody_listens(self, till: Market) -> None:
        nowhere = {**till.environment, "PAYMENT_URL": f"http://127.0.0.1:{free_port()}"}
        order = till.order()
        done = start(order, nowhere, "http://127.0.0.1/back")
        assert done.returncode == 1
        assert "ServiceUnavailable" in done.stderr

    def test_reconcile_says_so_and_goes_on_when_it_is_back(self, till: Market) -> None:
        order = till.order()
        till.pay(order, SILENT)
        with till.provider.hanging():
            done = till.reconcile(check=False)
        assert done.returncode == 1
        assert "does not answer" in done.stderr
        till.reconcile()
        till.check(order, "paid", "paid")

    def test_payment_that_it_has_forgotten_can_be_made_anew(self, databases: Databases) -> None:
        with market(databases, "forgetful") as shop:
            order = shop.order()
            forgotten = shop.checkout_url(order)
            shop.provider.process.terminate()
            shop.provider.process.wait()
            port = int(shop.provider.url.rpartition(":")[2])
            with sandbox(port, f"{shop.shop.url}/api/v1/payment-webhooks"):
                assert shop.checkout_url(order) != forgotten
                shop.pay(order, EARLY)
                assert (shop.state(order), shop.states(order)) == ("paid", ("expired", "paid"))

    def test_wrong_key_is_noted_and_not_shown(self, till: Market) -> None:
        order = till.order()
        done = start(order, {**till.environment, "PAYMENT_API_KEY": "another"}, "http://127.0.0.1/back")
        assert "status=401" in done.stdout
        assert "another" not in done.stdout + done.stderr


class TestRefund:
    def test_gives_the_money_and_the_book_back(self, till: Market) -> None:
        order = paid(till)
        assert till.refund(order).json()["state"] == "refunded"
        till.check(order, "refunded", "refunded")

    def test_twice_is_once(self, till: Market) -> None:
        order = paid(till)
        with ThreadPoolExecutor() as pool:
            answers = sorted(answer.status_code for answer in pool.map(lambda _: till.refund(order), range(2)))
        assert answers[0] == 200
        till.until(order, "refunded", "refunded")
        assert till.refund(order).status_code == 409
        till.check(order, "refunded", "refunded")

    def test_is_promised_when_the_provider_is_away_and_carried_out_later(self, till: Market) -> None:
        order = paid(till)
        with till.provider.hanging():
            assert till.refund(order).json()["state"] == "refunded"
        till.check(order, "refunded", "refund_pending")
        assert "refund_pending -> refunded" in till.reconcile().stdout
        till.check(order, "refunded", "refunded")

    def test_crash_after_the_providers_answer(self, till: Market) -> None:
        order = paid(till)
        till.refund(order)
        till.database.execute(
            "UPDATE payment SET state = 'refund_pending' WHERE provider_id = %s", till.payments(order)[0][:1]
        )
        till.reconcile()
        till.check(order, "refunded", "refunded")

    def test_unpaid_order_has_none(self, till: Market) -> None:
        order = till.order()
        assert till.refund(order).status_code == 409
        till.check(order, "pending_payment")

    def test_of_another_provider_is_pointed_out(self, till: Market) -> None:
        till.reconcile()
        order = paid(till)
        till.database.execute(
            "UPDATE payment SET state = 'refund_pending', provider = 'former' WHERE provider_id = %s",
            till.payments(order)[0][:1],
        )
        done = till.reconcile(check=False)
        till.database.execute("UPDATE payment SET provider = 'sandbox' WHERE provider = 'former'")
        assert done.returncode == 1
        assert "PAYMENT_PROVIDER=former" in done.stderr


class TestKilled:
    def test_between_the_providers_answer_and_the_commit(self, till: Market) -> None:
        """The payment that the provider has made is the one that the next attempt finds."""
        order, back = till.order(), "http://127.0.0.1/back"
        with till.database.transaction():
            # Reading the order's payments goes on; storing one waits, and by then the provider has answered.
            till.database.execute("LOCK TABLE payment IN EXCLUSIVE MODE")
            process = subprocess.Popen(
                [sys.executable, "-c", START, order.number, back], env=dict(till.environment), stdout=subprocess.DEVNULL
            )
            wait_until(lambda: waits_for(till, "payment"), "it to wait for the table")
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        assert till.states(order) == ()
        made = start(order, till.environment, back).stdout.splitlines()[-1]
        assert start(order, till.environment, back).stdout.splitlines()[-1] == made
        assert [made.rpartition("/")[2]] == [provider_id for provider_id, _ in till.payments(order)]
        assert till.provider.count(order.number) == 1


class TestPurge:
    def test_forgets_webhooks_of_more_than_a_week_ago(self, till: Market) -> None:
        till.database.execute("INSERT INTO webhook_event VALUES ('old', now() - interval '8 days'), ('new', now())")
        assert "1 old webhooks forgotten." in till.reconcile().stdout
        assert till.database.execute("SELECT id FROM webhook_event WHERE id IN ('old', 'new')").fetchall() == [("new",)]


def paid(till: Market) -> Order:
    order = till.order()
    till.pay(order, EARLY)
    till.check(order, "paid", "paid")
    return order


def start(order: Order, environment: Mapping[str, str], return_url: str) -> subprocess.CompletedProcess[str]:
    """payments.service.start in a process of its own."""
    command = [sys.executable, "-c", START, order.number, return_url]
    return subprocess.run(command, env=dict(environment), text=True, capture_output=True, check=False, timeout=60)


def waits_for(till: Market, table: str) -> bool:
    statement = "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted"
    row = till.database.execute(statement, (table,)).fetchone()
    return bool(row and row[0])
