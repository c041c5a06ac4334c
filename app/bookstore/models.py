"""Every table: imported where all of them must be known, which is migrating and comparing."""

from bookstore.audit import models as audit
from bookstore.cache import models as cache
from bookstore.cart import models as cart
from bookstore.catalogue import models as catalogue
from bookstore.customers import models as customers
from bookstore.identity import models as identity
from bookstore.notices import models as notices
from bookstore.orders import models as orders
from bookstore.outbox import models as outbox
from bookstore.payments import models as payments
from bookstore.reviews import models as reviews
from bookstore.staff import import_models as imports
from bookstore.staff import models as staff
from bookstore.stock import models as stock
from bookstore.tokens import models as tokens

__all__ = [
    "audit",
    "cache",
    "cart",
    "catalogue",
    "customers",
    "identity",
    "imports",
    "notices",
    "orders",
    "outbox",
    "payments",
    "reviews",
    "staff",
    "stock",
    "tokens",
]
