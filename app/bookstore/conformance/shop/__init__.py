"""What only Bookstore can say of itself: its settings, its command line, its schema, its packages."""

from bookstore.conformance.shop import database, operating, packages, settings

STATEMENTS = [
    *packages.statements,
    *settings.statements,
    *database.statements,
    *operating.statements,
]
