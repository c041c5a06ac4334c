"""A Flask bookstore: one image, one chart, all twelve factors."""

from importlib.metadata import version

__version__ = version("bookstore")
