"""What is ASCII has no accents to drop: fold() gives the same as before, of most titles in a third of the time."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Replaced in place: whatever was made with it, columns and indexes, stays as it is and right.
FUNCTION = """
CREATE OR REPLACE FUNCTION fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE {strict} PARALLEL SAFE
RETURN {body}
"""
ANY = r"translate(lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđðıħŧ’', 'olddiht''')"
ASCII_FIRST = f"CASE WHEN octet_length(value) = length(value) THEN lower(value) ELSE {ANY} END"


def upgrade() -> None:
    """Look first. A strict function with CASE is not inlined; without it, too, this one gives NULL for NULL."""
    op.execute(FUNCTION.format(strict="", body=ASCII_FIRST))


def downgrade() -> None:
    """As it was."""
    op.execute(FUNCTION.format(strict="STRICT", body=ANY))
