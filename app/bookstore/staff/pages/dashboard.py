"""/staff: how the shop does, and what waits to be done."""

from flask import Blueprint, current_app, render_template

from bookstore.config import Settings
from bookstore.db import reading
from bookstore.staff import figures
from bookstore.staff.chart import chart
from bookstore.stock import queries as stock

pages = Blueprint("staff_dashboard", __name__, url_prefix="/staff")
SCARCE_SHOWN = 10


@pages.get("")
def show() -> str:
    """The numbers of today and of the last 30 days."""
    settings: Settings = current_app.config["SETTINGS"]
    with reading() as session:
        found = figures.read(session, settings)
        scarce = stock.low(session, settings.low_stock, SCARCE_SHOWN)
    return render_template(
        "staff/dashboard.html",
        today=found.today,
        week_cents=found.week_cents,
        days=found.days,
        charts=[
            ("revenue", "Money taken, less refunds", chart([day.revenue_cents for day in found.days])),
            ("orders", "Orders paid", chart([day.orders for day in found.days])),
        ],
        to_pack=found.to_pack,
        to_ship=found.to_ship,
        best=found.best_sellers,
        scarce=scarce,
        scarce_count=found.scarce_count,
        most=settings.low_stock,
    )
