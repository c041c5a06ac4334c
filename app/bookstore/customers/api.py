"""/api/v1/customers: for those who look after the shop."""

from urllib.parse import urlencode

from flask import request

from bookstore.customers import queries
from bookstore.customers.schemas import CustomerList, CustomerOut, CustomerPath, CustomerQuery
from bookstore.db import ReadSession
from bookstore.errors import BadRequest, NotFound
from bookstore.web import Api, Reply

api = Api("customers_api", __name__, url_prefix="/api/v1")
SCOPE = "staff"


@api.operation("GET", "/customers", answer=CustomerList, scope=SCOPE, errors=[BadRequest])
def list_customers(session: ReadSession, query: CustomerQuery) -> Reply:
    """List customers, or find one by the e-mail address."""
    page = queries.customers(session, query)
    following = None
    if page.next_cursor:
        following = f"{request.path}?{urlencode({**request.args.to_dict(), 'cursor': page.next_cursor})}"
    items = [CustomerOut.model_validate(row, from_attributes=True) for row in page.rows]
    return Reply(CustomerList(items=items, next=following))


@api.operation("GET", "/customers/<id>", answer=CustomerOut, scope=SCOPE, errors=[NotFound])
def read_customer(session: ReadSession, path: CustomerPath) -> CustomerOut:
    """Read one customer."""
    row = queries.customer(session, path.id)
    if row is None:
        raise NotFound("No customer has this number.")
    return CustomerOut.model_validate(row, from_attributes=True)
