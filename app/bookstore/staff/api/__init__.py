"""The API of what staff do: a module for each group, with its blueprint as `api`, named here."""

from bookstore.staff.api import books, dashboard, imports, members

APIS = (members, dashboard, books, imports)
