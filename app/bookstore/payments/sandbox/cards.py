"""The card numbers that the sandbox takes, and what each of them makes happen."""

from dataclasses import dataclass

from bookstore.payments.models import PaymentState


@dataclass(frozen=True)
class Card:
    """What comes of paying with a card."""

    meaning: str
    state: PaymentState = PaymentState.PAID
    # How often the webhook is sent.
    notices: int = 1
    # Whether the webhook is there before the buyer is back in the shop.
    early: bool = False
    # Whether the API is stuck, and the webhook late.
    slow: bool = False


CARDS = {
    "4242424242424242": Card("is paid"),
    "4000000000000002": Card("is declined", state=PaymentState.DECLINED),
    "4000000000000119": Card("is paid, but then the API hangs, and the webhook is late", slow=True),
    "4000000000000259": Card("is paid, and no webhook ever tells so", notices=0),
    "4000000000000341": Card("is paid, and the webhook comes twice", notices=2),
    "4000000000000408": Card("is paid, and the webhook comes before the buyer is back", early=True),
}
