"""The pages of customers' accounts: a module for each group, with its blueprint as `pages`, named here.

Everything below /account is closed to others than the customer (see current.close_by_default).
"""

from bookstore.customers.pages import addresses, data, entrance, home, orders

PAGES = (entrance, home, addresses, orders, data)
