"""Carts, orders, payments, mail to send, and the ledger of stock."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEDGER = """
CREATE TABLE stock_movement (
    id bigint GENERATED ALWAYS AS IDENTITY,
    book_id bigint NOT NULL,
    quantity integer NOT NULL,
    reason text NOT NULL,
    reference text,
    actor text,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_stock_movement PRIMARY KEY (id),
    CONSTRAINT ck_stock_movement_quantity_not_zero CHECK (quantity <> 0),
    CONSTRAINT fk_stock_movement_book_id_book FOREIGN KEY (book_id) REFERENCES book (id) ON DELETE CASCADE
);
CREATE INDEX ix_stock_movement_book_id_id ON stock_movement (book_id, id);

-- Whoever changes a book's stock, and however many at once, the ledger has it: its sum is the stock. The role of the
-- shop cannot write here otherwise, so the function has the owner's rights.
CREATE FUNCTION record_stock_movement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO stock_movement (book_id, quantity, reason, reference, actor)
        SELECT id, stock, coalesce(nullif(current_setting('bookstore.stock_reason', true), ''), 'received'),
            nullif(current_setting('bookstore.stock_reference', true), ''),
            nullif(current_setting('bookstore.actor', true), '')
        FROM after_change WHERE stock <> 0;
    ELSE
        INSERT INTO stock_movement (book_id, quantity, reason, reference, actor)
        SELECT id, after_change.stock - before_change.stock,
            coalesce(nullif(current_setting('bookstore.stock_reason', true), ''), 'corrected'),
            nullif(current_setting('bookstore.stock_reference', true), ''),
            nullif(current_setting('bookstore.actor', true), '')
        FROM after_change JOIN before_change USING (id) WHERE after_change.stock <> before_change.stock;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER stock_of_new_books AFTER INSERT ON book REFERENCING NEW TABLE AS after_change
FOR EACH STATEMENT EXECUTE FUNCTION record_stock_movement();
CREATE TRIGGER stock_of_changed_books AFTER UPDATE ON book
REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change
FOR EACH STATEMENT EXECUTE FUNCTION record_stock_movement();
-- Until this transaction ends the triggers' lock keeps stock still, while readers go on.
INSERT INTO stock_movement (book_id, quantity, reason) SELECT id, stock, 'opening' FROM book WHERE stock <> 0;
"""

CARTS = """
CREATE TABLE cart (
    id text COLLATE "C" NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_cart PRIMARY KEY (id)
);
CREATE INDEX ix_cart_expires_at ON cart (expires_at);

CREATE TABLE cart_line (
    cart_id text COLLATE "C" NOT NULL,
    book_id bigint NOT NULL,
    quantity integer NOT NULL,
    price_cents integer NOT NULL,
    added_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_cart_line PRIMARY KEY (cart_id, book_id),
    CONSTRAINT ck_cart_line_quantity_positive CHECK (quantity > 0),
    CONSTRAINT fk_cart_line_cart_id_cart FOREIGN KEY (cart_id) REFERENCES cart (id) ON DELETE CASCADE,
    CONSTRAINT fk_cart_line_book_id_book FOREIGN KEY (book_id) REFERENCES book (id) ON DELETE CASCADE
);
CREATE INDEX ix_cart_line_book_id ON cart_line (book_id);
"""

ORDERS = """
CREATE TABLE idempotency_key (
    key text COLLATE "C" NOT NULL,
    request_sha256 bytea NOT NULL,
    answer bytea,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (key)
);
CREATE INDEX ix_idempotency_key_created_at ON idempotency_key (created_at);

CREATE TABLE sales_order (
    id bigint GENERATED ALWAYS AS IDENTITY,
    number text COLLATE "C" NOT NULL,
    state text NOT NULL,
    customer_id bigint,
    email text NOT NULL,
    name text NOT NULL,
    street text NOT NULL,
    street2 text,
    city text NOT NULL,
    region text,
    postal_code text NOT NULL,
    country text NOT NULL,
    gift_note text,
    currency text NOT NULL,
    subtotal_cents bigint NOT NULL,
    shipping_cents bigint NOT NULL,
    tax_cents bigint NOT NULL,
    total_cents bigint NOT NULL,
    reserved_until timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_sales_order PRIMARY KEY (id),
    CONSTRAINT uq_sales_order_number UNIQUE (number),
    CONSTRAINT ck_sales_order_state_known CHECK (
        state IN ('pending_payment', 'paid', 'packed', 'shipped', 'delivered', 'cancelled', 'refunded')
    ),
    CONSTRAINT ck_sales_order_amounts_not_negative CHECK (
        least(subtotal_cents, shipping_cents, tax_cents, total_cents) >= 0
    )
);
CREATE INDEX ix_sales_order_state_id ON sales_order (state, id);
CREATE INDEX ix_sales_order_created_at ON sales_order (created_at);
CREATE INDEX ix_sales_order_customer_id_id ON sales_order (customer_id, id);
CREATE INDEX ix_sales_order_email ON sales_order (lower(email));
CREATE INDEX ix_sales_order_reserved_until ON sales_order (reserved_until) WHERE state = 'pending_payment';

CREATE TABLE sales_order_line (
    order_id bigint NOT NULL,
    book_id bigint NOT NULL,
    isbn13 text NOT NULL,
    title text NOT NULL,
    quantity integer NOT NULL,
    price_cents integer NOT NULL,
    CONSTRAINT pk_sales_order_line PRIMARY KEY (order_id, book_id),
    CONSTRAINT ck_sales_order_line_quantity_positive CHECK (quantity > 0),
    CONSTRAINT fk_sales_order_line_order_id_sales_order FOREIGN KEY (order_id) REFERENCES sales_order (id),
    CONSTRAINT fk_sales_order_line_book_id_book FOREIGN KEY (book_id) REFERENCES book (id)
);
CREATE INDEX ix_sales_order_line_book_id ON sales_order_line (book_id);

CREATE TABLE sales_order_event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    order_id bigint NOT NULL,
    state text NOT NULL,
    actor text NOT NULL,
    reason text,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_sales_order_event PRIMARY KEY (id),
    CONSTRAINT fk_sales_order_event_order_id_sales_order FOREIGN KEY (order_id) REFERENCES sales_order (id)
);
CREATE INDEX ix_sales_order_event_order_id_id ON sales_order_event (order_id, id);
CREATE INDEX ix_sales_order_event_created_at ON sales_order_event (created_at);
"""

PAYMENTS = """
CREATE TABLE payment (
    id bigint GENERATED ALWAYS AS IDENTITY,
    order_id bigint NOT NULL,
    provider text NOT NULL,
    provider_id text COLLATE "C" NOT NULL,
    state text NOT NULL,
    amount_cents bigint NOT NULL,
    currency text NOT NULL,
    checkout_url text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment PRIMARY KEY (id),
    CONSTRAINT uq_payment_provider_provider_id UNIQUE (provider, provider_id),
    CONSTRAINT ck_payment_state_known CHECK (
        state IN ('open', 'paid', 'declined', 'expired', 'refund_pending', 'refunded')
    ),
    CONSTRAINT fk_payment_order_id_sales_order FOREIGN KEY (order_id) REFERENCES sales_order (id)
);
CREATE INDEX ix_payment_order_id ON payment (order_id);
CREATE INDEX ix_payment_unsettled ON payment (updated_at) WHERE state IN ('open', 'refund_pending');

CREATE TABLE webhook_event (
    id text COLLATE "C" NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_webhook_event PRIMARY KEY (id)
);
CREATE INDEX ix_webhook_event_created_at ON webhook_event (created_at);

CREATE TABLE outbox_message (
    id bigint GENERATED ALWAYS AS IDENTITY,
    deduplication_key text COLLATE "C" NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamptz DEFAULT now() NOT NULL,
    last_error text,
    created_at timestamptz DEFAULT now() NOT NULL,
    sent_at timestamptz,
    given_up_at timestamptz,
    CONSTRAINT pk_outbox_message PRIMARY KEY (id),
    CONSTRAINT uq_outbox_message_deduplication_key UNIQUE (deduplication_key)
);
CREATE INDEX ix_outbox_message_next_attempt_at ON outbox_message (next_attempt_at)
    WHERE sent_at IS NULL AND given_up_at IS NULL;
"""


def upgrade() -> None:
    """Make everything; tables of the catalogue stay as they are, but for the triggers."""
    for part in (LEDGER, CARTS, ORDERS, PAYMENTS):
        op.execute(part)


def downgrade() -> None:
    """Drop everything."""
    op.execute("DROP TABLE outbox_message, webhook_event, payment, sales_order_event, sales_order_line, sales_order")
    op.execute("DROP TABLE idempotency_key, cart_line, cart")
    op.execute("DROP TRIGGER stock_of_new_books ON book; DROP TRIGGER stock_of_changed_books ON book")
    op.execute("DROP FUNCTION record_stock_movement(); DROP TABLE stock_movement")
