"""One real PostgreSQL for all tests, and for each test a fresh copy of the cast's district."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

import privacy
from db import engine as engines
from db.embedded import Server, start, stop
from db.migrate import migrate
from db.settings import Settings, secret_file
from privacy.keystore import open_keystore
from privacy.people import sealer
from tests import cast
from tests.demo_template import demo_template  # noqa: F401 - a fixture for all
from tests.northfield import northfield, northfield_jobs  # noqa: F401 - fixtures for risk
from tests.pg import temporary_server

_numbers = count(1)


# The files that take longest begin first, so that no worker is left with one at the end; of two
# that want the demo, the second begins when the first has made it.
LONGEST = (
    "test_commands", "test_refresh", "test_run", "test_pages_in_browser", "test_access",
    "test_jobs", "test_queries", "test_risk_daily", "test_risk_store", "test_drill",
    "test_worker", "test_grid", "test_demo", "test_custody", "test_exact", "test_disclosure",
    "test_oulad", "test_rotation",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files in that order; within a file nothing changes."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@dataclass(frozen=True)
class District:
    """A database with the cast in it, and the settings under which a process reaches it."""

    settings: Settings
    name: str
    app_url: str
    owner_url: str
    super_url: str
    door: privacy.Door
    jobs: Engine


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Streamlit's AppTest leaves a page as `__main__`. A process spawned later would run it first
    and die, and a pool would replace it for ever; so each test finds the module as it was.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """An embedded PostgreSQL of this test run's own."""
    with temporary_server() as made:
        stop(made)
        yield start(Settings.load({"CHALKLINE_HOME": str(made.home)}))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the key file and the context secret that all tests share."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def template(server: Server, keys: Path) -> str:
    """A migrated database with the cast, from which `district` is copied."""
    settings = _settings(keys)
    _super(server, "CREATE DATABASE cast_template OWNER chalkline_owner")
    owner = engines.owner(server.url("owner", "cast_template"))
    migrate(owner, context_secret=secret_file(settings.context_secret_file))
    owner.dispose()
    keystore = open_keystore(settings.key_file, create_at=cast.NOW)
    jobs = engines.jobs(server.url("owner", "cast_template"))
    cast.load(jobs, sealer(keystore))
    cast.seal_notes(jobs, keystore)
    jobs.dispose()
    return "cast_template"


@pytest.fixture
def district(server: Server, template: str, keys: Path) -> Iterator[District]:
    """The cast's district, to read and to break; `privacy.session` opens onto it."""
    name = f"cast_{next(_numbers)}"
    _super(server, f"CREATE DATABASE {name} TEMPLATE {template} OWNER chalkline_owner")
    settings = _settings(keys)
    door = privacy.open_door(settings, app_url=server.url("app", name))
    door.book_file.unlink(missing_ok=True)  # every copy takes itself for the one database
    jobs = engines.jobs(server.url("owner", name))
    try:
        yield District(
            settings=settings,
            name=name,
            app_url=server.url("app", name),
            owner_url=server.url("owner", name),
            super_url=server.url("superuser", name),
            door=door,
            jobs=jobs,
        )
    finally:
        jobs.dispose()
        privacy.close_door()
        _super(server, f"DROP DATABASE {name} WITH (FORCE)")


def _settings(keys: Path) -> Settings:
    return Settings.load(
        {
            "CHALKLINE_HOME": str(keys / "home"),
            "CHALKLINE_KEY_FILE": str(keys / "kek.json"),
            "CHALKLINE_CONTEXT_SECRET_FILE": str(keys / "context.key"),
        }
    )


def _super(server: Server, statement: str) -> None:
    engine = create_engine(server.url("superuser", "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
