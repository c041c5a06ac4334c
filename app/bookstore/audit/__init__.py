"""The log of who did what: written in the unit of work that does it, so that neither is there without the other."""

from flask import Flask

from bookstore.audit.service import record
from bookstore.config import Settings, Surface
from bookstore.web import register

__all__ = ["init_app", "record"]


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    # Not earlier: every feature notes what is done to it, and the API's schemas are made of theirs.
    from bookstore.audit import api

    register(app, settings, {Surface.API: [api.api]}, private=True)
