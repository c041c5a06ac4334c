"""/api/v1/catalogue: every book, on sale or not."""

from bookstore.db import ReadSession
from bookstore.errors import BadRequest
from bookstore.staff import book_queries
from bookstore.staff.schemas import CatalogueList, CatalogueQuery, CatalogueRowOut
from bookstore.web import Api, next_page

api = Api("staff_books_api", __name__, url_prefix="/api/v1")
SCOPE = "catalogue"


@api.operation("GET", "/catalogue", answer=CatalogueList, scope=SCOPE, errors=[BadRequest])
def list_catalogue(session: ReadSession, query: CatalogueQuery) -> CatalogueList:
    """List every book, on sale or not, the last added first; or find some."""
    page = book_queries.books(session, query.find or "", query.active, query.limit, query.cursor)
    items = [CatalogueRowOut.model_validate(row, from_attributes=True) for row in page.rows]
    return CatalogueList(items=items, next=next_page(page.next_cursor))
