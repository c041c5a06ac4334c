"""Accounts of customers and staff, their sessions, limits of guessing, and the audit log."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IDENTITY = """
CREATE TABLE account_session (
    sha256 bytea NOT NULL,
    kind text NOT NULL,
    subject_id bigint NOT NULL,
    user_agent text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    seen_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_account_session PRIMARY KEY (sha256),
    CONSTRAINT ck_account_session_kind_known CHECK (kind IN ('customer', 'staff', 'staff_password'))
);
CREATE INDEX ix_account_session_kind_subject_id ON account_session (kind, subject_id);
CREATE INDEX ix_account_session_created_at ON account_session (created_at);

-- Unlogged: what is counted here is worth no write-ahead log, and a crash of the database may forget it.
CREATE UNLOGGED TABLE rate_limit (
    sha256 bytea NOT NULL,
    hits integer NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT pk_rate_limit PRIMARY KEY (sha256)
);
CREATE INDEX ix_rate_limit_ends_at ON rate_limit (ends_at);
"""

CUSTOMERS = """
CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_customer PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_customer_email ON customer (lower(email));

CREATE TABLE customer_address (
    id bigint GENERATED ALWAYS AS IDENTITY,
    customer_id bigint NOT NULL,
    name text NOT NULL,
    street text NOT NULL,
    street2 text,
    city text NOT NULL,
    region text,
    postal_code text NOT NULL,
    country text NOT NULL,
    preferred boolean DEFAULT false NOT NULL,
    CONSTRAINT pk_customer_address PRIMARY KEY (id),
    CONSTRAINT fk_customer_address_customer_id_customer
        FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE
);
CREATE INDEX ix_customer_address_customer_id_id ON customer_address (customer_id, id);
CREATE UNIQUE INDEX uq_customer_address_preferred ON customer_address (customer_id) WHERE preferred;
"""

STAFF = """
CREATE TABLE staff_member (
    id bigint GENERATED ALWAYS AS IDENTITY,
    username text COLLATE "C" NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    password_hash text,
    enrolment_sha256 bytea,
    enrolment_ends_at timestamptz,
    totp_seed bytea,
    totp_step bigint,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_staff_member PRIMARY KEY (id),
    CONSTRAINT uq_staff_member_username UNIQUE (username),
    CONSTRAINT uq_staff_member_enrolment_sha256 UNIQUE (enrolment_sha256),
    CONSTRAINT ck_staff_member_username_form CHECK (username ~ '^[a-z][a-z0-9._-]{1,31}$'),
    CONSTRAINT ck_staff_member_role_known CHECK (role IN ('clerk', 'manager', 'admin'))
);
CREATE UNIQUE INDEX uq_staff_member_email ON staff_member (lower(email));

CREATE TABLE staff_recovery_code (
    member_id bigint NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT pk_staff_recovery_code PRIMARY KEY (member_id, sha256),
    CONSTRAINT fk_staff_recovery_code_member_id_staff_member
        FOREIGN KEY (member_id) REFERENCES staff_member (id) ON DELETE CASCADE
);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY,
    actor text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    details jsonb NOT NULL,
    address text,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (id)
);
CREATE INDEX ix_audit_log_actor_id ON audit_log (actor, id);
CREATE INDEX ix_audit_log_action_id ON audit_log (action, id);
CREATE INDEX ix_audit_log_target_id ON audit_log (target, id);
"""


def upgrade() -> None:
    """Make everything."""
    for part in (IDENTITY, CUSTOMERS, STAFF):
        op.execute(part)


def downgrade() -> None:
    """Drop everything."""
    op.execute("DROP TABLE audit_log, staff_recovery_code, staff_member")
    op.execute("DROP TABLE customer_address, customer, rate_limit, account_session")
