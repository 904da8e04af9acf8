"""Who is looking: the one thing a page knows about the person in front of it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args
from uuid import UUID

Role = Literal["teacher", "counselor", "administrator", "records", "security"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Viewer:
    """A signed-in member of staff in one role. Made from the database, never from a token."""

    district_id: int
    staff_id: UUID
    account_id: UUID
    role: Role
    name: str
    district_name: str
    generated: bool
    today: date
    session: bytes | None = None
