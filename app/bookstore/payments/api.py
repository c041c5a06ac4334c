"""/api/v1/orders/{number}/payments."""

from bookstore.db import ReadSession
from bookstore.errors import NotFound
from bookstore.orders import queries as orders
from bookstore.orders.schemas import OrderPath
from bookstore.payments import queries
from bookstore.payments.schemas import PaymentList, PaymentRecord
from bookstore.web import Api

api = Api("payments_api", __name__, url_prefix="/api/v1")
SCOPE = "orders"


@api.operation("GET", "/orders/<number>/payments", answer=PaymentList, scope=SCOPE, errors=[NotFound])
def list_payments(session: ReadSession, path: OrderPath) -> PaymentList:
    """Read how an order was paid, or was tried to be."""
    rows = queries.of_order(session, orders.existing_order(session, path.number).id)
    return PaymentList(items=[PaymentRecord.model_validate(row, from_attributes=True) for row in rows])
