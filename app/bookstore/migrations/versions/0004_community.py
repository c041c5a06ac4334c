"""Reviews by buyers, and who wants to hear when a book is back in stock."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REVIEWS = """
CREATE TABLE review (
    id bigint GENERATED ALWAYS AS IDENTITY,
    book_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    rating smallint NOT NULL,
    name text NOT NULL,
    body text,
    state text DEFAULT 'pending' NOT NULL,
    reason text,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_review PRIMARY KEY (id),
    CONSTRAINT uq_review_book_id_customer_id UNIQUE (book_id, customer_id),
    CONSTRAINT ck_review_rating_in_range CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT ck_review_state_known CHECK (state IN ('pending', 'approved', 'rejected')),
    CONSTRAINT fk_review_book_id_book FOREIGN KEY (book_id) REFERENCES book (id) ON DELETE CASCADE,
    CONSTRAINT fk_review_customer_id_customer FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE
);
CREATE INDEX ix_review_customer_id ON review (customer_id);
CREATE INDEX ix_review_state_id ON review (state, id);
-- All that a book's page asks of the reviews which it does not show.
CREATE INDEX ix_review_approved ON review (book_id, id) INCLUDE (rating) WHERE state = 'approved';
"""

NOTICES = """
CREATE TABLE stock_notice (
    id bigint GENERATED ALWAYS AS IDENTITY,
    book_id bigint NOT NULL,
    email text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_stock_notice PRIMARY KEY (id),
    CONSTRAINT fk_stock_notice_book_id_book FOREIGN KEY (book_id) REFERENCES book (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_stock_notice_book_id_email ON stock_notice (book_id, lower(email));
CREATE INDEX ix_stock_notice_email ON stock_notice (lower(email));
CREATE INDEX ix_stock_notice_created_at ON stock_notice (created_at);
"""


def upgrade() -> None:
    """Make everything."""
    op.execute(REVIEWS)
    op.execute(NOTICES)


def downgrade() -> None:
    """Drop everything."""
    op.execute("DROP TABLE stock_notice, review")
