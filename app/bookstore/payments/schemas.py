"""What the API tells of payments."""

from datetime import datetime

from pydantic import BaseModel, Field

from bookstore.payments.models import PaymentState


class PaymentRecord(BaseModel):
    """An attempt to pay an order."""

    provider: str
    provider_id: str = Field(description="The payment's name at the provider.")
    state: PaymentState
    amount_cents: int
    currency: str
    created_at: datetime
    updated_at: datetime


class PaymentList(BaseModel):
    """The payments of an order, the first one first."""

    items: list[PaymentRecord]
