"""Writes down all that one browser is sent: frames of websockets, answers and files."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, Request, TimeoutError
from pypdf import PdfReader


@dataclass
class Recorder:
    """What came to a browser, each part under a name that says how."""

    came: list[tuple[str, bytes]] = field(default_factory=list)
    waiting: list[Request] = field(default_factory=list)

    def tab(self, page: Page) -> None:
        """Listens to a new tab, before it asks for anything."""
        page.on("websocket", lambda socket: socket.on("framereceived", self._frame))
        page.on("requestfinished", self._finished)

    def read(self) -> None:
        """Bodies of answers have to be fetched while their tab is open."""
        while self.waiting:
            request = self.waiting.pop()
            answer = request.response()
            if answer is not None:
                with suppress(Error):  # a redirect has no body
                    self.came.append((f"answer {answer.url}", unpacked(answer.body())))

    def take(self, page: Page, button: str, *, nth: int = 0) -> None:
        """Downloads a file, and looks into it."""
        # A click that meets a page being drawn anew is lost, as anybody's is, who clicks again.
        for last in (False, False, True):
            try:
                with page.expect_download(timeout=8_000) as waiting:
                    page.get_by_role("button", name=button).nth(nth).click()
                break
            except TimeoutError:
                if last:
                    raise
        name = waiting.value.suggested_filename
        self.came.append((f"file {name}", unpacked(Path(waiting.value.path()).read_bytes())))

    def heard(self, words: str, kind: str = "") -> list[str]:
        """In which parts of this kind the words stand, however they are spaced and cased."""
        wanted = re.sub(rb"[^\w]", b"", words.encode()).lower()
        return [
            name
            for name, body in self.came
            if name.startswith(kind) and wanted in re.sub(rb"[^\w]", b"", body).lower()
        ]

    def _finished(self, request: Request) -> None:
        if "/static/" not in request.url:  # Streamlit's own scripts, the same for everybody
            self.waiting.append(request)

    def _frame(self, said: str | bytes) -> None:
        self.came.append(("frame", said.encode() if isinstance(said, str) else said))


@contextmanager
def recorded(context: BrowserContext) -> Iterator[Recorder]:
    """All that tabs opened within the block are sent; each calls `read` before it is closed."""
    found = Recorder()
    context.on("page", found.tab)
    try:
        yield found
    finally:
        context.remove_listener("page", found.tab)


def unpacked(body: bytes) -> bytes:
    """A PDF's text, and what a workbook's archive holds; everything else as it is."""
    if body.startswith(b"%PDF"):
        return "\n".join(p.extract_text() for p in PdfReader(io.BytesIO(body)).pages).encode()
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist())
    return body
