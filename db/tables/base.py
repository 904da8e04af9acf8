"""What the mapped classes share: schema, enumerations, a short way to name a foreign key."""

from sqlalchemy import Enum, FetchedValue, ForeignKeyConstraint, MetaData
from sqlalchemy.orm import DeclarativeBase

SCHEMA = "chalkline"
DEFAULT = FetchedValue()  # the database has a default; the SQL says which

BLOOM = Enum(
    "remember",
    "understand",
    "apply",
    "analyze",
    "evaluate",
    "create",
    name="bloom_level",
    schema=SCHEMA,
)
INTERACTION = Enum(
    "content_view",
    "knowledge_check",
    "practice_activity",
    "reflection",
    "discussion",
    "help_request",
    "navigation",
    name="interaction_type",
    schema=SCHEMA,
)
OUTCOME = Enum("successful", "partial", "unsuccessful", "abandoned", name="outcome", schema=SCHEMA)


class Table(DeclarativeBase):
    """What every mapped class shares: the schema."""

    metadata = MetaData(schema=SCHEMA)


def to(table: str, *columns: str, cascade: bool = False) -> ForeignKeyConstraint:
    """Foreign key to `table`; a column of another name there is written `here=there`."""
    here = [column.split("=")[0] for column in columns]
    there = [f"{SCHEMA}.{table}.{column.split('=')[-1]}" for column in columns]
    return ForeignKeyConstraint(here, there, ondelete="CASCADE" if cascade else None)
