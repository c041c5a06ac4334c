"""What gunicorn imports in each worker; gunicorn.py has set up logging by then."""

from bookstore.app import create_app
from bookstore.config import Settings

app = create_app(Settings.load())
