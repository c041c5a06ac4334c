"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the previous version must go on working on the new schema."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """For development; a release goes back by running the previous image on this schema."""
    ${downgrades if downgrades else "pass"}
