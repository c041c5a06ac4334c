"""/api/v1/customers: for those who look after the shop."""

from bookstore.customers import queries
from bookstore.customers.schemas import CustomerList, CustomerOut, CustomerPath, CustomerQuery
from bookstore.db import ReadSession
from bookstore.errors import BadRequest, NotFound
from bookstore.web import Api, next_page

api = Api("customers_api", __name__, url_prefix="/api/v1")
SCOPE = "customers"


@api.operation("GET", "/customers", answer=CustomerList, scope=SCOPE, errors=[BadRequest])
def list_customers(session: ReadSession, query: CustomerQuery) -> CustomerList:
    """List customers, or find one by the e-mail address."""
    page = queries.customers(session, query)
    items = [CustomerOut.model_validate(row, from_attributes=True) for row in page.rows]
    return CustomerList(items=items, next=next_page(page.next_cursor))


@api.operation("GET", "/customers/<id>", answer=CustomerOut, scope=SCOPE, errors=[NotFound])
def read_customer(session: ReadSession, path: CustomerPath) -> CustomerOut:
    """Read one customer."""
    row = queries.customer(session, path.id)
    if row is None:
        raise NotFound("No customer has this number.")
    return CustomerOut.model_validate(row, from_attributes=True)
