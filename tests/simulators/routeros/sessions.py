# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client's session: login, tagged commands, cancel, listen, the order of replies (API manual, centrs, tik4net).

Rules of this file: requests that have arrived together are obeyed in order and answered together, the sentences of
tagged ones interleaved. With latency each is obeyed that much after its arrival, so that pipelined ones wait once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.faults import Cut, Stall
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import (
    Request,
    Sentence,
    parse_request,
    reply_sentences,
    tagged,
    trap_sentences,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Change
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import (
    INTERRUPTED,
    Fatal,
    Trap,
    no_such_command,
    not_permitted,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.users import log_in
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.wire import (
    SentenceDecoder,
    WireError,
    encode_sentence,
)

if TYPE_CHECKING:
    from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.server import Server

LONGEST_WORD_BEFORE_LOGIN = 0xFFFF  # API manual: limited, the limit is not published
Queue = asyncio.Queue["tuple[float, Sentence] | None"]


class Session:
    """A connection and who uses it."""

    def __init__(self, server: Server, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.number = number
        self.caller: Caller | None = None
        self._reader = reader
        self._writer = writer
        self._decoder = SentenceDecoder(LONGEST_WORD_BEFORE_LOGIN)
        self._queue: Queue = asyncio.Queue()
        self._ahead: list[tuple[float, Sentence] | None] = []  # taken from the queue before its time
        self._listening: dict[str | None, tuple[str, object]] = {}

    async def serve(self) -> None:
        """Answer until the connection ends, then let go of everything the session held."""
        receiving = asyncio.create_task(self._receive())
        try:
            while (batch := await self._batch()) is not None:
                await self._obey_batch(batch)
        except (Cut, OSError):
            pass
        finally:
            receiving.cancel()
            self._stop_listening()
            self._writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._writer.wait_closed()

    def close(self) -> None:
        """End the connection from outside, as a restart does."""
        self._writer.close()
        self._queue.put_nowait(None)

    async def _receive(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(WireError, OSError):
            while data := await self._reader.read(65536):
                for sentence in self._decoder.feed(data):
                    self._queue.put_nowait((loop.time() + self.server.latency, sentence))
        self._queue.put_nowait(None)

    async def _batch(self) -> list[Sentence] | None:
        """Wait for a sentence and give it with all others whose time has come."""
        loop = asyncio.get_running_loop()
        first = self._ahead.pop() if self._ahead else await self._queue.get()
        if first is None:
            return None
        await asyncio.sleep(max(0.0, first[0] - loop.time()))
        batch = [first[1]]
        while not self._queue.empty():
            following = self._queue.get_nowait()
            if following is None or following[0] > loop.time():
                self._ahead.append(following)
                break
            batch.append(following[1])
        return batch

    async def _obey_batch(self, batch: list[Sentence]) -> None:
        answers: list[tuple[str | None, list[Sentence]]] = []
        ending: BaseException | None = None
        await self.server.refresh(batch)
        for words in batch:
            try:
                if (answer := self._obeyed(parse_request(words))) is not None:
                    answers.append(answer)
            except Fatal as fatal:
                answers.append((None, [["!fatal", *fatal.args]]))
                ending = Cut()
            except Cut as cut:
                ending = cut
            if ending:
                break
        await self.server.settle()
        if self.server.faults.slow:
            await asyncio.sleep(self.server.faults.slow * len(batch))
        await self._send(_merged(answers, self.server.interleave))
        if ending:
            raise ending

    def _obeyed(self, request: Request) -> tuple[str | None, list[Sentence]] | None:
        """Obey a request unless a fault is in the way; None if there is to be no answer."""
        self.server.faults.before_request()
        answer = request.tag, self._obey(request)
        try:
            self.server.faults.after_request()
        except Stall:
            return None
        return answer

    def _obey(self, request: Request) -> list[Sentence]:
        """Run a request and give the sentences of its answer."""
        server = self.server
        empty = server.device.router.profile.since(7, 18)
        refused = ""
        try:
            return self._answer(request, empty)
        except Trap as trap:
            refused = trap.message
            return list(trap_sentences(trap, request.tag))
        finally:
            server.journal.note(self.number, request, refused)

    def _answer(self, request: Request, empty: bool) -> list[Sentence]:
        if request.path == "/quit":
            raise Fatal("session terminated on request")
        if request.path == "/login":
            return self._log_in(request)
        if self.caller is None:
            if self.server.device.router.profile["before-login"] == "fatal":
                raise Fatal("not logged in")
            raise Trap("not logged in")
        if request.path == "/cancel":
            return self._cancel(request)
        if request.command == "listen":
            return self._listen(request)
        if request.writes:
            self.server.faults.before_write()
        reply = self.server.device.run(self.caller, self.number, request)
        return list(reply_sentences(reply, request.tag, empty))

    def _log_in(self, request: Request) -> list[Sentence]:
        name, password = request.attributes.get("name", ""), request.attributes.get("password", "")
        peer = str(self._writer.get_extra_info("peername", ("127.0.0.1",))[0])
        self.caller = log_in(self.server.device.router, name, password, peer)
        self._decoder.maximum = 0xFFFFFFFF
        return [tagged("!done", tag=request.tag)]

    def _listen(self, request: Request) -> list[Sentence]:
        """Answer each change of a menu from now on; the command ends by ``/cancel`` only (API manual, centrs)."""
        router, caller = self.server.device.router, self.caller
        menu = router.menu(request.menu)
        if menu is None:
            raise no_such_command(menu_known=False)
        if caller is None or not caller.may(menu.read_policy):
            raise not_permitted()

        def watch(change: Change) -> None:
            if change.menu != request.menu and change.menu not in menu.views:
                return
            row = {".id": change.id, ".dead": "true"}
            if change.after is not None:
                row = router.printed(request.menu, change.after, caller.may("sensitive"))
            if not self._writer.is_closing():
                self._writer.write(encode_sentence(tagged("!re", row, request.tag)))

        router.store.watchers.append(watch)
        self._listening[request.tag] = (request.menu, watch)
        return []

    def _stop_listening(self, tags: Iterable[str | None] | None = None) -> list[str | None]:
        """End these listening commands, or all; give the tags of those that there were."""
        ended = [tag for tag in (self._listening if tags is None else tags) if tag in self._listening]
        for tag in ended:
            self.server.device.router.store.watchers.remove(self._listening.pop(tag)[1])
        return ended

    def _cancel(self, request: Request) -> list[Sentence]:
        tag = request.attributes.get("tag")
        ended = self._stop_listening(None if tag is None else [tag])
        interrupted = [trap_sentences(Trap("interrupted", INTERRUPTED), each) for each in ended]
        return [*itertools.chain.from_iterable(interrupted), tagged("!done", tag=request.tag)]

    async def _send(self, sentences: Iterable[Sentence]) -> None:
        """Send, up to where a fault cuts the connection."""
        data = bytearray()
        for sentence in sentences:
            coded = encode_sentence(sentence)
            share = self.server.faults.share_of_reply()
            if share is not None:
                self._writer.write(bytes(data) + coded[: max(1, int(len(coded) * share))])
                raise Cut
            data += coded
        self._writer.write(bytes(data))
        await self._writer.drain()


def _merged(answers: list[tuple[str | None, list[Sentence]]], interleave: bool) -> Iterable[Sentence]:
    """Put the answers of tagged commands side by side, one sentence of each in turn; others stay whole."""
    for plain, group in itertools.groupby(answers, key=lambda answer: answer[0] is None or not interleave):
        lists = [sentences for _tag, sentences in group]
        if plain:
            yield from itertools.chain.from_iterable(lists)
            continue
        for turn in itertools.zip_longest(*lists):
            yield from (sentence for sentence in turn if sentence is not None)
