"""What a book's page shows of its reviews. The catalogue reads it, so nothing of the catalogue is imported here."""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, select, text

from bookstore.reviews.models import Review, ReviewState

# How many of them; the others have a page of their own.
LATEST = 3


def approved_reviews(book: Any) -> ColumnElement[Any]:
    """The approved reviews of each book of a statement, as JSON: count, average and the latest; None without any."""
    of_book = (Review.book_id == book.id, Review.state == text(f"'{ReviewState.APPROVED}'"))
    written_on = func.to_char(func.timezone(text("'UTC'"), Review.updated_at), text("'YYYY-MM-DD'"))
    latest = (
        select(Review.name, Review.rating, Review.body, written_on.label("written_on"))
        .where(*of_book)
        .order_by(Review.id.desc())
        .limit(LATEST)
        .correlate(book)
        .subquery("latest")
    )
    # As text, since JSON's numbers would lose the last zero of 4.0.
    average = cast(func.round(func.avg(Review.rating), 1), Text)
    words = select(func.json_agg(literal_column("latest"))).select_from(latest).scalar_subquery()
    summary = func.json_build_object(text("'count'"), func.count(), text("'average'"), average, text("'latest'"), words)
    return select(summary).where(*of_book).having(func.count() > 0).correlate(book).scalar_subquery().label("reviews")
