"""Reads what a process and its children have used, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Used:
    """Seconds of processor time, by what does the work."""

    app: float
    database: float

    def __sub__(self, before: "Used") -> "Used":
        return Used(self.app - before.app, self.database - before.database)


def used(app: int, postmaster: int) -> Used:
    """Of the application's process, and of PostgreSQL's with its backends that live now."""
    database = _seconds(_stat(postmaster))
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := _stat(int(folder.name))):
            database += _seconds(stat) if int(stat[1]) == postmaster else 0.0
    return Used(_seconds(_stat(app)), database)


def _stat(process: int) -> list[str]:
    """The fields of /proc/N/stat after the name: state, parent, ..."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _seconds(stat: list[str]) -> float:
    return (int(stat[11]) + int(stat[12])) / TICK if stat else 0.0


def megabytes(process: int) -> float:
    """Memory that the process holds right now."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
