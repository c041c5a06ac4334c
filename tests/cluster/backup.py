"""What tests of backups and restores have in common: to run one now, and to compare all that is there."""

from tests.cluster.release import Release
from tests.cluster.tools import eventually, get, kubectl

# A line for each table: its name and a sum of its rows.
SUMS = """
from bookstore.config import Settings
from sqlalchemy import create_engine, inspect, text
ROWS = "SELECT md5(string_agg(one::text, chr(10) ORDER BY one::text)) FROM {} AS one"
with create_engine(Settings.load().database).connect() as connection:
    for table in sorted(inspect(connection).get_table_names()):
        print(table, connection.scalar(text(ROWS.format(table))))
"""


def checksums(release: Release) -> str:
    """A line for each table of the shop's database: its name and a sum of its rows."""
    said = ""

    def is_said() -> bool:
        nonlocal said
        said = release.execute("python", "-c", SUMS, check=False)
        return bool(said)

    # A name may not be found at once on a busy node.
    eventually("the database is asked", is_said)
    return said


def run_cron_job(release: Release, part: str) -> None:
    """Run one of the release's CronJobs now, and see it succeed."""
    job = f"{part}-now"
    kubectl("-n", release.namespace, "create", "job", job, f"--from=cronjob/{release.name}-bookstore-{part}")

    def over() -> bool:
        (status,) = [each["status"] for each in get(release.namespace, "jobs", fields=f"metadata.name={job}")]
        logs = [f"job/{job}", "--all-containers", "--prefix"]
        assert not status.get("failed"), kubectl("-n", release.namespace, "logs", *logs)
        return bool(status.get("succeeded"))

    eventually(f"{job} is over", over, seconds=180)
