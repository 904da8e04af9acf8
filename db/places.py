"""Finds where the embedded server may live: its system user and its folders."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from db.in_words import InWordsError
from db.settings import Settings, private_file

Say = Callable[[str], None]

SERVER_USERS = ("chalkline", "postgres")  # who may run the server when we are root, best first
FALLBACK = Path("/var/lib/chalkline")
SOCKET_FOLDER_MAX = 85  # bytes: sun_path holds 103 on macOS, and PostgreSQL adds its file's name
FRESH = {"lock", "users", "keys"}  # what a home may hold before its first server


class EmbeddedError(InWordsError, RuntimeError):
    """The embedded server can not be used; the message is one sentence with the way out."""


@dataclass(frozen=True)
class Account:
    """The system user that PostgreSQL runs as: ourselves, or somebody lesser when we are root."""

    uid: int
    gid: int
    name: str

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Runs `command` as this user to its end; a failure is for the caller to read."""
        with self.spawn(*command) as child:
            output, complaint = child.communicate()
        return subprocess.CompletedProcess(command, child.returncode, output, complaint)

    def spawn(self, *command: str | Path, new_session: bool = False) -> "subprocess.Popen[str]":
        """A child of this user's, with nothing of our environment."""
        drop = os.geteuid() == 0
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd="/",  # this user may not be allowed where we stand
            umask=0o077,
            # English messages, UTC, and none of the PG* variables or passwords that we may hold.
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=new_session,
            user=self.uid if drop else None,
            group=self.gid if drop else None,
            extra_groups=[] if drop else None,
        )


@dataclass(frozen=True)
class Places:
    """Where one home's server lives. `base` is the home, unless root's server can not enter it."""

    home: Path
    base: Path

    @property
    def data(self) -> Path:
        return self.base / "postgres"

    @property
    def log(self) -> Path:
        return self.base / "log"

    @property
    def passwords(self) -> Path:
        return self.home / "keys" / "postgres.json"


def recorded_places(settings: Settings) -> Places:
    """Where this home's server is, or would be; makes nothing."""
    with suppress(FileNotFoundError):
        return Places(settings.home, Path((settings.home / "place").read_text().strip()))
    return Places(settings.home, settings.home)


def system_account(places: Places) -> Account:
    """Who runs the server: the owner of its files, else ourselves, else (as root) a system user."""
    me = os.geteuid()
    with suppress(FileNotFoundError):
        owner = places.data.lstat().st_uid
        if owner != me and me != 0:
            raise EmbeddedError(
                f"{places.data} belongs to {_name(owner)}: start Chalkline as that user, "
                "or set CHALKLINE_HOME to a folder of your own."
            )
        if owner != 0:
            return Account(owner, places.data.lstat().st_gid, _name(owner))
    if me != 0:
        return Account(me, os.getegid(), _name(me))
    for name in SERVER_USERS:
        with suppress(KeyError):
            return _named(name)
    return _new_user(SERVER_USERS[0])


def settle(settings: Settings, account: Account, say: Say) -> Places:
    """The folders for the server, made if need be, all of them private to `account`.

    A root's server needs to pass through the parents of its files. We open nothing for it but a
    home that is new (to its group, for passing through); where that is not enough its files go
    under /var/lib, and a line in the home says so.
    """
    home = settings.home
    try:
        if {path.name for path in home.iterdir()} <= FRESH and home.stat().st_uid == os.geteuid():
            if os.geteuid() == 0:
                os.chown(home, 0, account.gid)
            home.chmod(0o710 if os.geteuid() == 0 else 0o700)
        places = recorded_places(settings)
        if places.base == home and not enters(account, home):
            places = _fallback(home, account)
            say(
                f"PostgreSQL does not run as root, and {account.name} may not enter {home}: "
                f"the database is kept in {places.base}."
            )
        private_folder(places.log, account)
    except OSError as error:
        raise EmbeddedError(
            f"{error.filename or home} can not be used ({error.strerror}): "
            "set CHALKLINE_HOME to a folder that this user may write."
        ) from None
    return places


def enters(account: Account, folder: Path) -> bool:
    # Asked of the system rather than computed from modes: access lists and mounts count too.
    return account.run("/bin/sh", "-c", 'cd "$1"', "sh", folder).returncode == 0


def _fallback(home: Path, account: Account) -> Places:
    base = FALLBACK / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    FALLBACK.mkdir(mode=0o711, parents=True, exist_ok=True)
    FALLBACK.chmod(0o711)
    base.mkdir(mode=0o710, exist_ok=True)
    os.chown(base, 0, account.gid)
    base.chmod(0o710)
    if not enters(account, base):
        raise EmbeddedError(
            f"{account.name} may enter neither {home} nor {base}: "
            "set CHALKLINE_HOME to a folder under parents that every user may pass through."
        )
    private_file(home / "place", lambda: os.fsencode(base) + b"\n")
    return Places(home, base)


def private_folder(path: Path, account: Account) -> None:
    """Makes or checks a folder that is `account`'s alone (0700); refuses links and strangers."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(path, account.uid, account.gid)
    if not is_private(path, account):
        raise EmbeddedError(
            f"{path} should be a folder that only {account.name} can open (mode 0700): "
            "remove it or put that right."
        )


def is_private(path: Path, account: Account) -> bool:
    """Whether `path` is a real folder (no link) of `account`, closed to everyone else."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == account.uid
        and stat.S_IMODE(found.st_mode) & 0o077 == 0
    )


def socket_folder(places: Places, account: Account) -> Path:
    """A private folder for the socket: <base>/run, or one in /tmp where that path is too long."""
    run = places.base / "run"
    # PostgreSQL and libpq read commas and quotes in this path as punctuation.
    if len(os.fsencode(run)) <= SOCKET_FOLDER_MAX and not set(str(run)) & set(",\"'\\%\n"):
        private_folder(run, account)
        return run
    record = places.base / "socket-folder"
    with suppress(FileNotFoundError):
        folder = Path(record.read_text().strip())
        if is_private(folder, account):
            return folder
        record.unlink()
    # Short, since a socket's path may have 107 bytes; mkdtemp makes it random and 0700.
    folder = Path(tempfile.mkdtemp(prefix="chalkline-", dir="/tmp"))  # nosec B108
    if os.geteuid() == 0:
        os.chown(folder, account.uid, account.gid)
    private_file(record, lambda: os.fsencode(folder) + b"\n")
    return folder


def _name(uid: int) -> str:
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:  # a container started with a bare number
        return f"the user number {uid}"


def _named(name: str) -> Account:
    found = pwd.getpwnam(name)
    return Account(found.pw_uid, found.pw_gid, _name(found.pw_uid))


def _new_user(name: str) -> Account:
    """Makes the system user `name` with whichever tool this system has (BusyBox has adduser)."""
    makers: Mapping[str, tuple[str, ...]] = {
        "useradd": ("--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name),
        "adduser": ("-S", "-D", "-H", "-s", "/bin/false", name),
    }
    for tool, words in makers.items():
        if path := shutil.which(tool, path=f"/usr/sbin:/sbin:{os.defpath}"):
            subprocess.run([path, *words], capture_output=True, check=False)
            with suppress(KeyError):
                return _named(name)
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and no system user {name!r} could be made: "
        "make one, or start Chalkline as an ordinary user."
    )
