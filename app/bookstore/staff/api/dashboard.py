"""/api/v1/dashboard."""

from dataclasses import asdict

from flask import current_app

from bookstore.config import Settings
from bookstore.db import ReadSession
from bookstore.orders import queries as orders
from bookstore.staff import figures
from bookstore.staff.schemas import BestSeller, Dashboard, DayOut
from bookstore.web import Api

api = Api("dashboard_api", __name__, url_prefix="/api/v1")
SCOPE = "reports"


@api.operation("GET", "/dashboard", answer=Dashboard, scope=SCOPE)
def read_dashboard(session: ReadSession) -> Dashboard:
    """Read how the shop does: today, and on each of the last 30 days in UTC.

    An order counts on the day that it was paid, and its refund on the day of the refund.
    """
    settings: Settings = current_app.config["SETTINGS"]
    found = figures.read(session, settings)
    return Dashboard(
        currency=settings.currency,
        today=DayOut(**asdict(found.today)),
        week_revenue_cents=found.week_cents,
        days=[DayOut(**asdict(day)) for day in found.days],
        orders_by_state=orders.counts(session),
        best_sellers=[BestSeller.model_validate(row, from_attributes=True) for row in found.best_sellers],
        running_out=found.scarce_count,
    )
