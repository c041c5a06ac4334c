"""The catalogue, its search, and API tokens."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Needs no extension: unaccent and pg_trgm are not everywhere. NFKD splits a letter from its accents, which are then
# dropped; the letters that have no decomposition are spelt out.
FOLD = r"""
CREATE FUNCTION fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđðıħŧ’', 'olddiht''')
"""

# What is left of a word when any one letter is dropped, and the word itself.
SPELLING_RESTS = """
CREATE FUNCTION spelling_rests(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_agg(DISTINCT overlay(word PLACING '' FROM place FOR 1)) || word
    FROM generate_series(1, length(word)) AS place;
END
"""

# English stems but no stop words: "It", "The Who" and "To Be or Not to Be" are titles.
TEXT_SEARCH = """
CREATE TEXT SEARCH DICTIONARY bookstore_stem (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION bookstore (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION bookstore
    ALTER MAPPING FOR asciihword, asciiword, hword, hword_asciipart, hword_part, word WITH bookstore_stem;
"""

TABLES = """
CREATE TABLE author (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    slug text COLLATE "C" NOT NULL,
    CONSTRAINT pk_author PRIMARY KEY (id),
    CONSTRAINT uq_author_slug UNIQUE (slug)
);

CREATE TABLE book (
    id bigint GENERATED ALWAYS AS IDENTITY,
    isbn13 text COLLATE "C" NOT NULL,
    slug text NOT NULL,
    title text NOT NULL,
    subtitle text,
    byline text NOT NULL,
    publisher text,
    publication_year smallint,
    language text COLLATE "C",
    description text,
    price_cents integer NOT NULL,
    currency text NOT NULL,
    stock integer NOT NULL,
    cover_url text,
    active boolean DEFAULT true NOT NULL,
    rating_average numeric(3, 2),
    rating_count integer DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    sort_title text COLLATE "C" GENERATED ALWAYS AS (left(fold(title), 200)) STORED NOT NULL,
    newest_year smallint GENERATED ALWAYS AS (coalesce(publication_year, -32768)) STORED NOT NULL,
    oldest_year smallint GENERATED ALWAYS AS (coalesce(publication_year, 32767)) STORED NOT NULL,
    search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('bookstore', fold(title || ' ' || coalesce(subtitle, ''))), 'A') ||
        setweight(to_tsvector('bookstore', fold(byline)), 'B') ||
        setweight(to_tsvector('bookstore', fold(coalesce(description, ''))), 'C')
    ) STORED NOT NULL,
    CONSTRAINT pk_book PRIMARY KEY (id),
    CONSTRAINT uq_book_isbn13 UNIQUE (isbn13),
    CONSTRAINT ck_book_isbn13_form CHECK (isbn13 ~ '^97[89][0-9]{10}$'),
    CONSTRAINT ck_book_price_not_negative CHECK (price_cents >= 0),
    CONSTRAINT ck_book_stock_not_negative CHECK (stock >= 0),
    CONSTRAINT ck_book_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_book_rating_in_range CHECK (rating_average BETWEEN 0 AND 5)
);

CREATE TABLE book_author (
    book_id bigint NOT NULL,
    position smallint NOT NULL,
    author_id bigint NOT NULL,
    CONSTRAINT pk_book_author PRIMARY KEY (book_id, position),
    CONSTRAINT fk_book_author_book_id_book FOREIGN KEY (book_id) REFERENCES book (id) ON DELETE CASCADE,
    CONSTRAINT fk_book_author_author_id_author FOREIGN KEY (author_id) REFERENCES author (id)
);

CREATE TABLE search_word (
    word text COLLATE "C" NOT NULL,
    rests text[] GENERATED ALWAYS AS (spelling_rests(word)) STORED NOT NULL,
    CONSTRAINT pk_search_word PRIMARY KEY (word)
);

CREATE TABLE api_token (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT pk_api_token PRIMARY KEY (id),
    CONSTRAINT uq_api_token_name UNIQUE (name),
    CONSTRAINT uq_api_token_sha256 UNIQUE (sha256)
);
"""

INDEXES = """
CREATE UNIQUE INDEX ix_book_author_author_id_book_id ON book_author (author_id, book_id);
CREATE INDEX ix_book_search ON book USING gin (search);
CREATE INDEX ix_book_rating_count ON book (rating_count, id) WHERE active;
CREATE INDEX ix_book_price_cents ON book (price_cents, id) WHERE active;
CREATE INDEX ix_book_sort_title ON book (sort_title, id) WHERE active;
CREATE INDEX ix_book_newest_year ON book (newest_year, id) WHERE active;
CREATE INDEX ix_book_oldest_year ON book (oldest_year, id) WHERE active;
CREATE INDEX ix_book_language ON book (language, id) WHERE active;
CREATE INDEX ix_search_word_rests ON search_word USING gin (rests);
"""


def upgrade() -> None:
    """Make everything."""
    for part in (FOLD, SPELLING_RESTS, TEXT_SEARCH, TABLES, INDEXES):
        op.execute(part)


def downgrade() -> None:
    """Drop everything."""
    op.execute("DROP TABLE api_token, search_word, book_author, book, author")
    op.execute("DROP TEXT SEARCH CONFIGURATION bookstore; DROP TEXT SEARCH DICTIONARY bookstore_stem")
    op.execute("DROP FUNCTION spelling_rests(text); DROP FUNCTION fold(text)")
