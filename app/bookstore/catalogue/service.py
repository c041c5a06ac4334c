"""What can be done to the catalogue. Every function takes the session of one unit of work, and none commits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, inspect, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bookstore import audit
from bookstore.catalogue import changes
from bookstore.catalogue.models import Author, Book, BookAuthor
from bookstore.catalogue.slugs import slugify
from bookstore.errors import Conflict, NotFound
from bookstore.formats import amount
from bookstore.i18n.messages import gettext_noop

NO_SUCH_BOOK = gettext_noop("No book with this ISBN is in the catalogue.")


def create_book(session: Session, isbn13: str, fields: dict[str, Any]) -> Book:
    """A new book; `fields` as in schemas.BookReplacement. Raises Conflict where the ISBN is taken."""
    if session.scalar(select(Book.id).where(Book.isbn13 == isbn13)):
        raise Conflict("A book with this ISBN is in the catalogue already: change that one.")
    names = fields.pop("authors")
    book = Book(isbn13=isbn13, slug=slugify(fields["title"]), byline=", ".join(names), **fields)
    session.add(book)
    session.flush()
    _set_authors(session, book, names)
    index_words(session, [book.id])
    audit.record(session, "book.add", f"book:{isbn13}", title=book.title)
    changes.everything(session)
    return book


def locked_book(session: Session, isbn13: str) -> Book:
    """The book, locked until the unit of work ends; raises NotFound."""
    book = session.scalar(select(Book).where(Book.isbn13 == isbn13).with_for_update())
    if book is None:
        raise NotFound(NO_SUCH_BOOK)
    return book


def change_book(session: Session, book: Book, fields: dict[str, Any]) -> None:
    """Set these fields of a book that is locked."""
    names, price = fields.pop("authors", None), _price(book)
    for name, value in fields.items():
        setattr(book, name, value)
    changed = [name for name in fields if inspect(book).attrs[name].history.has_changes()]
    book.slug = slugify(book.title)
    if names is not None and (_set_authors(session, book, names) or book.byline != ", ".join(names)):
        book.byline = ", ".join(names)
        changed.append("authors")
    session.flush()
    index_words(session, [book.id])
    if changed:
        details: dict[str, Any] = {name: fields[name] for name in ("active", "stock") if name in changed}
        if _price(book) != price:
            details["price"] = f"{price} to {_price(book)}"
        audit.record(session, "book.change", f"book:{book.isbn13}", fields=changed, **details)
    changes.everything(session)


def delete_book(session: Session, book: Book) -> None:
    """Take a book out of the catalogue for good; raises Conflict for one that was ever ordered."""
    audit.record(session, "book.delete", f"book:{book.isbn13}", title=book.title, stock=book.stock)
    try:
        with session.begin_nested():
            session.execute(delete(Book).where(Book.id == book.id))
    except IntegrityError:
        raise Conflict("This book has been ordered, so its name is needed: set `active` to false instead.") from None
    changes.everything(session)


def _price(book: Book) -> str:
    return f"{amount(book.price_cents, book.currency)} {book.currency}"


def _set_authors(session: Session, book: Book, names: Sequence[str]) -> bool:
    """Whether it had others before."""
    by_slug = {slugify(name): name for name in names}
    slugs = list(by_slug)
    # In one order everywhere, so that two writers who share authors wait instead of deadlocking.
    rows = [{"name": by_slug[slug], "slug": slug} for slug in sorted(slugs)]
    session.execute(insert(Author).on_conflict_do_nothing(), rows)
    ids = dict(session.execute(select(Author.slug, Author.id).where(Author.slug.in_(slugs))).all())
    gone = delete(BookAuthor).where(BookAuthor.book_id == book.id).returning(BookAuthor.position, BookAuthor.author_id)
    before = dict(session.execute(gone).all())
    now = {position: ids[slug] for position, slug in enumerate(slugs)}
    session.execute(
        insert(BookAuthor),
        [{"book_id": book.id, "position": position, "author_id": author_id} for position, author_id in now.items()],
    )
    return before != now


def index_words(session: Session, book_ids: Sequence[int]) -> None:
    """Teach 'did you mean' the words of these books' titles and authors."""
    session.execute(
        text(
            """
            INSERT INTO search_word (word)
            SELECT DISTINCT word
            FROM book, unnest(tsvector_to_array(to_tsvector('simple', fold(title || ' ' || byline)))) AS one (word)
            WHERE book.id = ANY(:ids) AND word ~ '^\\w{3,40}$'
                -- Most are known; what is left of a word is only worth working out for a new one.
                AND NOT EXISTS (SELECT FROM search_word AS known WHERE known.word = one.word)
            ORDER BY word
            ON CONFLICT DO NOTHING
            """
        ),
        {"ids": list(book_ids)},
    )
