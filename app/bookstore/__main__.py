"""`python -m bookstore` is the same as `bookstore`."""

from bookstore.cli import main

main()
