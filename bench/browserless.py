"""A tab without a browser: Streamlit's websocket protocol, with a session's cookie."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE: Final = 60.0  # seconds for one run


class NotShownError(AssertionError):
    """A page did not come, or not whole: its time would be the time of a refusal."""


@dataclass(frozen=True)
class Run:
    """One run of the script: from the message that asked for it to the word that it has ended."""

    what: str
    milliseconds: float
    waited: float
    bytes: int
    messages: int


@dataclass
class Tab:
    """One open page. It answers as a browser does: it runs fragments when their time comes."""

    socket: ClientConnection
    runs: list[Run] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)  # address -> hash
    here: str = ""
    known: set[str] = field(default_factory=set)  # messages that need not be sent again
    timers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    repeats: bool = True

    async def visit(self, address: str) -> Run:
        """Opens a page of the menu, as a click on it does."""
        asked = perf_counter()
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()
        message = BackMsg()
        if address in self.pages:
            message.rerun_script.page_script_hash = self.pages[address]
        else:
            message.rerun_script.page_name = address
        async with self.turn:
            self.here = address
            return await self._run(message, address, asked)

    async def _repeat(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            message = BackMsg()
            message.rerun_script.page_script_hash = self.pages.get(self.here, "")
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            asked = perf_counter()
            async with self.turn:
                await asyncio.shield(self._run(message, "fragment", asked))

    async def _run(self, message: BackMsg, what: str, asked: float) -> Run:
        message.rerun_script.cached_message_hashes.extend(self.known)
        began = perf_counter()
        await self.socket.send(message.SerializeToString())
        size, messages, headings = 0, 0, set()
        while True:
            data = await asyncio.wait_for(self.socket.recv(decode=False), PATIENCE)
            size, messages = size + len(data), messages + 1
            said = ForwardMsg.FromString(data)
            if said.metadata.cacheable:
                self.known.add(said.hash)
            match said.WhichOneof("type"):
                case "delta":
                    element = said.delta.new_element
                    if element.WhichOneof("type") == "heading":
                        headings.add(element.heading.body)
                    elif element.alert.format == Alert.ERROR or element.HasField("exception"):
                        raise NotShownError(f"{what} answered {element}")
                case "navigation":
                    for page in said.navigation.app_pages:
                        self.pages[page.url_pathname] = page.page_script_hash
                case "auto_rerun":
                    self._set(said.auto_rerun.fragment_id, said.auto_rerun.interval)
                case "auth_redirect" | "page_not_found":
                    raise NotShownError(f"{what} led to {said}")
                case "script_finished":
                    if said.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                        break
        if what != "fragment" and what.capitalize() not in headings:
            raise NotShownError(f"{what} shows only {headings or 'nothing'}")
        ended = perf_counter()
        run = Run(what, (ended - began) * 1000, (began - asked) * 1000, size, messages)
        self.runs.append(run)
        return run

    def _set(self, fragment: str, interval: float) -> None:
        if self.repeats and fragment not in self.timers:
            self.timers[fragment] = asyncio.create_task(self._repeat(fragment, interval))


@asynccontextmanager
async def tab(url: str, cookie: str, *, repeats: bool = True) -> AsyncIterator[Tab]:
    """A tab of a browser that holds this session's cookie; compressed, as browsers ask for it."""
    async with connect(
        f"{url.replace('http', 'ws', 1)}/_stcore/stream",
        origin=Origin(url),
        additional_headers={"cookie": cookie},
        subprotocols=[Subprotocol("streamlit"), Subprotocol("none")],
        max_size=None,
        compression="deflate",
        ping_interval=None,
    ) as socket:
        opened = Tab(socket, repeats=repeats)
        try:
            yield opened
        finally:
            for timer in opened.timers.values():
                timer.cancel()
