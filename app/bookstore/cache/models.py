"""The cache's one table."""

import uuid

from sqlalchemy import CheckConstraint, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class CacheEpoch(Base):
    """The epoch of all that is kept, in one row at most; without it nobody has ever missed a change."""

    __tablename__ = "cache_epoch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"), autoincrement=False)
    epoch: Mapped[uuid.UUID]
