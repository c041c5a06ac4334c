"""A migration of the next release: a step that is added to the code of a release's pods by a volume."""

from tests.cluster.release import Release
from tests.cluster.tools import apply

SCRIPT = "from bookstore import schema as s; print(s.MIGRATIONS / 'versions', s.known_revisions()[0])"
BROKEN = "ALTER TABLE no_such_table ADD column_of_it int"
REASON = 'relation "no_such_table" does not exist'
# Helm goes on waiting for the new pods after the Job has failed, until their Deployment gives up.
GIVE_UP = "migrations.backoffLimit=0,migrations.waitTimeoutSeconds=10,web.progressDeadlineSeconds=15"
# Now and then it overlooks that, and waits for all of its time.
LONGEST = "90s"
STEP = """
from alembic import op
revision = "9999"
down_revision = "{newest}"
def upgrade():
    op.execute("{sql}")
"""


def with_migration(release: Release, sql: str) -> str:
    """Values that add a migration to the code: pods with it wait for its schema."""
    folder, newest = release.execute("python", "-c", SCRIPT).split()
    step = {"metadata": {"name": "step"}, "data": {"9999.py": STEP.format(newest=newest, sql=sql)}}
    apply(release.namespace, {"apiVersion": "v1", "kind": "ConfigMap"} | step)
    volume = {"mountPath": f"{folder}/9999.py", "subPath": "9999.py", "spec.configMap.name": "step"}
    return ",".join(f"workload.volumes.step.{key}={value}" for key, value in volume.items())
