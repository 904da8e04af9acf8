"""What the database needs around a refresh: memory to sort in, statistics, summarised indexes."""

from typing import Final

from sqlalchemy import Connection, text

from db.engine import step_up

SOURCES: Final = (
    "learning_interactions",
    "item_responses",
    "assessment_attempts",
    "section_progress",
    "attendance",
    "enrollments",
)


def prepare(connection: Connection, *, whole: bool = False) -> None:
    """Settings for this transaction; more memory when everything is made again.

    Row counts of policies, arrays and CTEs are guessed at one: over a whole district, nested loops
    then take minutes for what hash joins do in seconds.
    """
    connection.execute(text("SET LOCAL jit = off"))
    # A plan made for any list of classes and learners takes them for a handful.
    connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    connection.execute(text(f"SET LOCAL work_mem = '{'64MB' if whole else '16MB'}'"))
    if whole:  # behind policies all is taken for a handful: then only hashing every key is safe
        connection.execute(text("SET LOCAL enable_nestloop = off"))
        connection.execute(text("SET LOCAL enable_mergejoin = off"))


def summarise(connection: Connection) -> None:
    """Lets the block range indexes know of blocks written since: else each look reads them all."""
    with step_up(connection):
        connection.execute(text(_SUMMARISE))


def analyse(connection: Connection, *tables: str) -> None:
    """Gathers statistics of these tables where there are none.

    Without them the planner takes a table that was just filled for an empty one.
    """
    missing = connection.scalars(text(_NEVER_ANALYSED), {"tables": list(tables)}).all()
    if missing:
        with step_up(connection):
            for name in missing:
                connection.exec_driver_sql(f'ANALYZE chalkline."{name}"')


_NEVER_ANALYSED = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits h ON h.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = h.inhparent
WHERE n.nspname = 'chalkline' AND c.relkind = 'r' AND c.reltuples < 0
  AND pg_relation_size(c.oid) > 0
  AND coalesce(p.relname, c.relname) = ANY (CAST(:tables AS text[])) ORDER BY 1
"""
_SUMMARISE = """
SELECT sum(brin_summarize_new_values(i.indexrelid))
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_am a ON a.oid = x.relam JOIN pg_namespace n ON n.oid = x.relnamespace
WHERE a.amname = 'brin' AND x.relkind = 'i' AND n.nspname = 'chalkline'
"""
