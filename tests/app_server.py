"""Starts the real application, cold, in a process of its own, on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
STARTS_WITHIN = 60.0  # seconds
STOPS_WITHIN = 15.0


@dataclass(frozen=True)
class RunningApp:
    """An application that answers: where, and what it has written to its log."""

    url: str
    port: int
    log: Path
    pid: int

    def said(self) -> str:
        """Everything it has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running_app(
    home: Path,
    logs: Path,
    *,
    environment: Mapping[str, str] | None = None,
    command: tuple[str, ...] = ("-c", "import app; app.serve(app.SETTINGS)"),
    port: int = 0,
) -> Iterator[RunningApp]:
    """The application over the database of `home`, which must be running; stopped at the end."""
    port = port or free_port()
    log = logs / f"app-{port}.log"
    told = {"CHALKLINE_HOME": str(home), "PORT": str(port), **(environment or {})}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", *command],
            cwd=ROOT,
            env={**os.environ, **told},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    running = RunningApp(f"http://127.0.0.1:{port}", port, log, process.pid)
    try:
        _wait(process, running)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], running: RunningApp) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the application ended at once:\n{running.said()}")
        try:
            # Only a port is asked for: a page's request would not leave the server cold.
            if httpx.get(f"{running.url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the application did not answer in time:\n{running.said()}")
