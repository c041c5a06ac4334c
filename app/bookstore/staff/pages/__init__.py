"""The staff's pages: a module for each group, with its blueprint as `pages`, named here.

Everything below /staff is closed (see guard.close_by_default); a view that not every clerk may see asks for more with
`guard.require(Role.MANAGER)`, and gets the member. Templates extend staff/layout.html.
"""

from bookstore.staff.pages import (
    account,
    audit_log,
    books,
    dashboard,
    enrolment,
    imports,
    login,
    orders,
    people,
    reviews,
    stock,
)

PAGES = (dashboard, orders, books, stock, reviews, imports, login, enrolment, account, people, audit_log)
