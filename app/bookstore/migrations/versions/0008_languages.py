"""The language in which a buyer, a customer or someone who waits for a book is told of it."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("sales_order", "customer", "stock_notice")


def upgrade() -> None:
    """Add the column, in English for all who are there: a constant default rewrites no table."""
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN language text DEFAULT 'en' NOT NULL")


def downgrade() -> None:
    """Drop it."""
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN language")
