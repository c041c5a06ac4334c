"""Tests of what runs the shop on a laptop: the embedded PostgreSQL and `make run`."""
