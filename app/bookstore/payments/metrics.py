"""What becomes of payments, for /metrics.

As the serving processes see it: what `bookstore payments reconcile` settles is in its log alone (`payment_settled`).
"""

from prometheus_client import Counter

from bookstore.payments.models import PaymentState

SETTLED = Counter("bookstore_payments_settled_total", "Payments that came to a state.", ["state"])
PROVIDER_FAILURES = Counter(
    "bookstore_payment_provider_failures_total", "Requests that the payment provider did not answer as it should."
)


def show() -> None:
    """Show each state from the start: a rate misses the first of what it has not seen at 0."""
    for state in PaymentState:
        if state is not PaymentState.OPEN:
            SETTLED.labels(state.value)
