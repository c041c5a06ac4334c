"""How alembic runs here: giving up rather than blocking the shop.

`bookstore db upgrade` passes the connection; `--sql` prints the statements for a reviewer (and for squawk).
"""

from alembic import context

from bookstore import models as _models  # noqa: F401  # registers every table
from bookstore.db import Base

# Waiting longer for a lock would queue every reader of that table behind this migration.
LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "10min"


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        context.configure(url="postgresql+psycopg://", target_metadata=Base.metadata, literal_binds=True)
    else:
        context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        context.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        context.run_migrations()


run()
