"""The embedded server's settings: small, private, and silent about learners in its log."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from db.places import Account, Places
from db.postmaster import PORT

OUR_CONF = "chalkline.conf"
MB = 2**20


def write_conf(places: Places, socket_dir: Path, account: Account) -> None:
    """Writes our settings file anew, in one step; nothing in it is secret."""
    lines = [f"{name} = {_quoted(value)}" for name, value in conf(places, socket_dir).items()]
    target = places.data / OUR_CONF
    # The folder is the server's, and we may be root: never write through a name that it left there.
    handle, name = tempfile.mkstemp(prefix=f"{OUR_CONF}.", dir=places.data)
    with os.fdopen(handle, "w") as file:
        file.write("# Written by Chalkline at every start; change db/server_conf.py instead.\n")
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
        if os.geteuid() == 0:
            os.fchown(file.fileno(), account.uid, account.gid)
    Path(name).replace(target)


def conf(places: Places, socket_dir: Path) -> dict[str, str]:
    """Every setting of ours that differs from PostgreSQL's own."""
    memory = machine_memory()
    return {
        # Reached through a socket in a private folder, never by network.
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{socket_dir}"',
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": "100",
        "idle_in_transaction_session_timeout": "2min",
        "max_locks_per_transaction": "256",  # a statement over all months locks every partition
        "shared_buffers": f"{_between(64, memory // MB // 16, 1024)}MB",
        "effective_cache_size": f"{_between(128, memory // MB // 2, 65536)}MB",
        "maintenance_work_mem": f"{_between(32, memory // MB // 32, 512)}MB",
        "work_mem": f"{_between(4, memory // MB // 512, 32)}MB",
        "random_page_cost": "1.1",
        "jit": "off",  # compiling costs more than any of our page queries
        "wal_level": "replica",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "10min",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A week of logs, a file a day, each emptied when its day returns.
        "logging_collector": "on",
        "log_directory": str(places.log),
        "log_filename": "postgres-%a.log",
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        # Learners' data must not reach a log: not as a statement, a parameter, the value that an
        # error quotes in its message, or the key or row in its detail and context. Sessions get
        # their errors all the same; the log keeps the server's own news, FATAL and PANIC.
        "log_statement": "none",
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_min_duration_statement": "-1",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }


def machine_memory() -> int:
    """The memory of this machine in bytes, or of our container where that is less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # another system, or "max"
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


def _between(least: int, value: int, most: int) -> int:
    """
    >>> _between(64, 1440, 1024), _between(64, 32, 1024)
    (1024, 64)
    """
    return max(least, min(value, most))


def _quoted(value: str) -> str:
    r"""
    >>> print(_quoted("/home/o'hara/log"))
    '/home/o''hara/log'
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
