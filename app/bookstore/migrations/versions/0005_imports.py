"""Catalogue files that staff upload."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute("""
        CREATE TABLE catalogue_import (
            id bigint GENERATED ALWAYS AS IDENTITY,
            filename text NOT NULL,
            content bytea NOT NULL,
            lines integer NOT NULL,
            actor text NOT NULL,
            state text NOT NULL,
            problem text,
            line integer DEFAULT 0 NOT NULL,
            added integer DEFAULT 0 NOT NULL,
            updated integer DEFAULT 0 NOT NULL,
            unchanged integer DEFAULT 0 NOT NULL,
            rejected integer DEFAULT 0 NOT NULL,
            examples jsonb DEFAULT '[]' NOT NULL,
            created_at timestamptz DEFAULT now() NOT NULL,
            updated_at timestamptz DEFAULT now() NOT NULL,
            CONSTRAINT pk_catalogue_import PRIMARY KEY (id),
            CONSTRAINT ck_catalogue_import_state_known CHECK (
                state IN ('checking', 'checked', 'importing', 'done', 'refused')
            )
        );
        CREATE INDEX ix_catalogue_import_created_at ON catalogue_import (created_at);
    """)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE catalogue_import")
