"""Invoices, with consecutive numbers."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE invoice_counter (
    name text COLLATE "C" NOT NULL,
    last_number bigint NOT NULL,
    CONSTRAINT pk_invoice_counter PRIMARY KEY (name)
);
CREATE TABLE invoice (
    number bigint NOT NULL,
    order_id bigint NOT NULL,
    issued_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_invoice PRIMARY KEY (number),
    CONSTRAINT uq_invoice_order_id UNIQUE (order_id),
    CONSTRAINT fk_invoice_order_id_sales_order FOREIGN KEY (order_id) REFERENCES sales_order (id)
);
"""

# Many countries ask for numbers without gaps, and a sequence leaves one at each rollback. The counter's row is locked
# until the payment is committed: the next one waits, and gets the next number. Whichever release marks an order as
# paid, the invoice is there; the shop's role can only read it, so the function has the owner's rights.
TRIGGER = """
CREATE FUNCTION issue_invoice() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    next_number bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM invoice WHERE order_id = NEW.id) THEN
        INSERT INTO invoice_counter AS counter (name, last_number) VALUES ('invoice', 1)
        ON CONFLICT (name) DO UPDATE SET last_number = counter.last_number + 1
        RETURNING last_number INTO next_number;
        INSERT INTO invoice (number, order_id) VALUES (next_number, NEW.id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER invoice_of_paid_orders AFTER UPDATE OF state ON sales_order
FOR EACH ROW WHEN (NEW.state = 'paid' AND OLD.state <> 'paid') EXECUTE FUNCTION issue_invoice();
"""

# Until this transaction ends the trigger's lock keeps orders still, while readers go on.
OF_BEFORE = """
INSERT INTO invoice (number, order_id, issued_at)
SELECT row_number() OVER (ORDER BY min(id)), order_id, min(created_at)
FROM sales_order_event WHERE state = 'paid' GROUP BY order_id;
INSERT INTO invoice_counter (name, last_number) SELECT 'invoice', count(*) FROM invoice;
"""


def upgrade() -> None:
    """Make the tables, and give the orders that were paid before their invoices in the order of their payments."""
    for part in (TABLES, TRIGGER, OF_BEFORE):
        op.execute(part)


def downgrade() -> None:
    """Drop everything."""
    op.execute("DROP TRIGGER invoice_of_paid_orders ON sales_order; DROP FUNCTION issue_invoice()")
    op.execute("DROP TABLE invoice, invoice_counter")
