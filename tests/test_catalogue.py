"""The database's own catalogue, checked: no object that shows learners escapes the policies."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from db.tables import Table
from tests.conftest import District

PEOPLE = (
    "chalkline_app",
    "chalkline_teacher",
    "chalkline_counselor",
    "chalkline_administrator",
    "chalkline_records",
    "chalkline_security",
    "chalkline_signin",
    "chalkline_releaser",
)
SCOPE_FUNCTIONS = {
    "context",
    "today",
    "my_classes",
    "my_caseload",
    "my_learners",
    "my_emergencies",
    "asked_by_another",
    "powerful",
    "called",
}
RELEASER_FUNCTIONS = {"release_values", "release_changes"}  # values and counts, no identifier
RECORDS_FUNCTIONS = {"records_learners", "records_search", "disclosure_log", "consent_counts"}
REFERENCE = {  # the same for every district; a learner's identifier has no place in them
    "courses",
    "modules",
    "sections",
    "content_items",
    "competencies",
    "competency_edges",
    "content_competencies",
}
OPERATIONS = {
    "accounts",
    "web_sessions",
    "sign_in_tickets",
    "sign_in_attempts",
    "job_runs",
    "backups",
}


@pytest.fixture
def catalogue(district: District) -> Connection:
    engine = create_engine(district.super_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_every_readable_table_has_forced_policies_or_holds_no_learner(
    catalogue: Connection,
) -> None:
    rows = catalogue.execute(
        text(
            "SELECT DISTINCT c.relname, c.relkind, c.relrowsecurity AND c.relforcerowsecurity"
            "  AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS walled,"
            "  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
            "          AND a.attname IN ('learner_id', 'anonymous_id')) AS learners"
            " FROM pg_class c, unnest(CAST(:roles AS text[])) r"
            " WHERE c.relnamespace = 'chalkline'::regnamespace"
            "  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
            "  AND (has_table_privilege(r, c.oid, 'SELECT')"
            "       OR has_any_column_privilege(r, c.oid, 'SELECT'))"
        ),
        {"roles": list(PEOPLE)},
    ).all()
    assert len(rows) > 30
    exposed = {
        row.relname
        for row in rows
        if not row.walled and (row.learners or row.relname not in REFERENCE | OPERATIONS)
    }
    assert exposed == set()


def test_no_view_or_materialized_view_is_readable(catalogue: Connection) -> None:
    """Owner views and materialized views bypass policies."""
    kinds = catalogue.scalars(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'chalkline'::regnamespace"
            " AND relkind IN ('v', 'm')"
            " AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)"
        )
    )
    assert list(kinds) == []


def test_no_partition_is_readable_by_its_own_name(catalogue: Connection) -> None:
    named = catalogue.scalars(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,"
            " unnest(CAST(:roles AS text[])) r WHERE has_table_privilege(r, c.oid, 'SELECT')"
        ),
        {"roles": list(PEOPLE)},
    )
    assert list(named) == []


def test_only_the_scope_functions_run_with_anothers_rights(catalogue: Connection) -> None:
    definers = catalogue.scalars(
        text(
            "SELECT DISTINCT f.proname FROM pg_proc f, unnest(CAST(:roles AS text[])) r"
            " WHERE f.prosecdef AND has_function_privilege(r, f.oid, 'EXECUTE')"
            " AND f.pronamespace NOT IN ('pg_catalog'::regnamespace)"
        ),
        {"roles": list(PEOPLE)},
    )
    assert set(definers) == SCOPE_FUNCTIONS | RELEASER_FUNCTIONS | RECORDS_FUNCTIONS


def test_only_the_releaser_may_call_the_functions_that_hand_out_values(
    catalogue: Connection,
) -> None:
    may = catalogue.scalars(
        text(
            "SELECT DISTINCT r FROM pg_proc f, unnest(CAST(:roles AS text[])) r"
            " WHERE f.proname = ANY (:functions) AND has_function_privilege(r, f.oid, 'EXECUTE')"
        ),
        {"roles": list(PEOPLE), "functions": list(RELEASER_FUNCTIONS)},
    )
    assert set(may) == {"chalkline_releaser"}
    columns = catalogue.scalars(
        text("SELECT unnest(proargnames) FROM pg_proc WHERE proname = ANY (:functions)"),
        {"functions": list(RELEASER_FUNCTIONS)},
    )
    assert {"learner_id", "row_key", "anonymous_id"}.isdisjoint(columns)


def test_no_role_of_a_person_bypasses_or_owns(catalogue: Connection) -> None:
    strong = catalogue.scalars(
        text(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'chalkline%'"
            " AND (rolsuper OR rolbypassrls OR (rolinherit AND rolname = 'chalkline_app'))"
        )
    )
    assert list(strong) == []
    owned = catalogue.scalars(
        text(
            "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
            " WHERE r.rolname = ANY (:roles)"
        ),
        {"roles": list(PEOPLE)},
    )
    assert list(owned) == []


def test_a_policy_is_one_permissive_policy(catalogue: Connection) -> None:
    """More than one would become a leak on Citus."""
    odd = catalogue.scalars(
        text(
            "SELECT polrelid::regclass::text FROM pg_policy GROUP BY 1 HAVING count(*) > 1"
            " OR bool_or(NOT polpermissive)"
        )
    )
    assert list(odd) == []


def test_every_table_says_its_grain(catalogue: Connection) -> None:
    mute = catalogue.scalars(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'chalkline'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition"
            " AND coalesce(obj_description(oid), '') !~ '^One row'"
        )
    )
    assert list(mute) == []


def test_mapped_classes_and_database_agree(catalogue: Connection) -> None:
    def ours(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:
        if kind == "table" and reflected:
            return not (name or "").startswith(("learning_interactions_2", "procrastinate_"))
        return kind not in ("index", "unique_constraint")

    context = MigrationContext.configure(
        catalogue,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == "chalkline",
            "include_object": ours,
            "compare_type": True,
        },
    )
    differences = [
        difference
        for difference in compare_metadata(context, Table.metadata)
        if "comment" not in str(difference[0])
    ]
    assert differences == []
