"""What staff may do: each role may all that the one before it may."""

from enum import StrEnum


class Role(StrEnum):
    """A member's role."""

    CLERK = "clerk"
    MANAGER = "manager"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other may."""
        roles = list(Role)
        return roles.index(self) >= roles.index(other)
