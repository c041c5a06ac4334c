"""The epoch of what a cache keeps."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, of one row at most."""
    op.execute("""
        CREATE TABLE cache_epoch (
            id smallint DEFAULT 1 NOT NULL,
            epoch uuid NOT NULL,
            CONSTRAINT pk_cache_epoch PRIMARY KEY (id),
            CONSTRAINT ck_cache_epoch_one_row CHECK (id = 1)
        );
    """)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE cache_epoch")
