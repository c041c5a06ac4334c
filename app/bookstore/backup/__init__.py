"""Backups: what the chart's CronJobs do with a dump that pg_dump made, and before pg_restore reads one."""
