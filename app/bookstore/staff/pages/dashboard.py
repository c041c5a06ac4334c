"""/staff: how the shop does, and what waits to be done."""

from flask import Blueprint, current_app, render_template

from bookstore.config import Settings
from bookstore.db import reading
from bookstore.staff import figures
from bookstore.staff.chart import chart
from bookstore.stock import queries as stock

pages = Blueprint("staff_dashboard", __name__, url_prefix="/staff")
BEST_SELLERS = 10
SCARCE_SHOWN = 10
WEEK_DAYS = 7


@pages.get("")
def show() -> str:
    """The numbers of today and of the last 30 days."""
    settings: Settings = current_app.config["SETTINGS"]
    today = figures.today()
    with reading() as session:
        days = figures.days(session, settings.currency, today)
        to_pack, to_ship = figures.waiting(session)
        best = figures.best_sellers(session, today, BEST_SELLERS)
        scarce = stock.low(session, settings.low_stock, SCARCE_SHOWN)
        scarce_count = stock.count_low(session, settings.low_stock)
    return render_template(
        "staff/dashboard.html",
        today=days[-1],
        week_cents=sum(day.revenue_cents for day in days[-WEEK_DAYS:]),
        days=days,
        charts=[
            ("revenue", "Money taken, less refunds", chart([day.revenue_cents for day in days])),
            ("orders", "Orders paid", chart([day.orders for day in days])),
        ],
        to_pack=to_pack,
        to_ship=to_ship,
        best=best,
        scarce=scarce,
        scarce_count=scarce_count,
        most=settings.low_stock,
    )
