# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands between a client and a router's plain API, notes what is asked, and cuts the connection where it is told to.

So a cut and a count need nothing of the router, which may be a real one. Counts run over
all connections from the moment a cut is set; each cut happens once:

``before-request``   the N-th sentence of a client never reaches the router
``after-request``    it does, and the router carries it out, but nobody hears its answer
``after-reply``      the connection ends after the N-th sentence of the router
``inside-reply``     it ends in the middle of it
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.wire import (
    SentenceDecoder,
    WireError,
    encode_sentence,
)

CUTS = ("before-request", "after-request", "after-reply", "inside-reply")
WRITES = {"add", "set", "unset", "reset", "remove", "move", "enable", "disable", "comment"}
_SILENCE = 2.0  # seconds in which a router carries out what it was sent before a cut, unless it is done earlier


class Cut(NamedTuple):
    """Where the connection ends."""

    place: str
    number: int


class Relay:
    """Listens on a port of this machine and leads to a router."""

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)
        self.asked: list[str] = []  # paths of all sentences of clients
        self._lock = threading.Lock()
        self._cut: Cut | None = None
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._listen)

    def cut(self, place: str, number: int) -> None:
        """Cut the connection once, at the N-th sentence from now on."""
        if place not in CUTS:
            raise ValueError(place)
        self._cut = Cut(place, number)

    def heal(self) -> None:
        """Cut nothing any more, and wait until the router is done with what it was sent on connections that ended."""
        self._cut = None
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        for thread in self._threads[:]:
            if thread.name == "connection":
                thread.join(timeout=5 * _SILENCE)

    def writes(self) -> list[str]:
        """Give the paths of all writes so far."""
        return [path for path in self.asked if path.rpartition("/")[2] in WRITES]

    def close(self) -> None:
        """Stop listening, and wait for connections that are ending."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.heal()

    def happens(self, *places: str) -> str:
        """Count one more sentence at these places, and give the one where the connection ends now."""
        with self._lock:
            if self._cut is None or self._cut.place not in places:
                return ""
            place, number = self._cut
            self._cut = Cut(place, number - 1) if number > 1 else None
            return "" if number > 1 else place

    def _start(self, target: object, name: str = "") -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            try:
                router = socket.create_connection(self.address, timeout=10)
            except OSError:  # nobody is there: the client sees that the connection ends
                client.close()
                continue
            router.settimeout(None)
            for side in (client, router):  # sentences are small and many: none waits for the one before it
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(self, client, router)
            self._start(connection.requests, "connection")
            self._start(connection.replies, "connection")


class _Connection:
    """A client on one side, a router on the other."""

    def __init__(self, relay: Relay, client: socket.socket, router: socket.socket) -> None:
        self._relay, self._client, self._router = relay, client, router
        self._over = threading.Event()
        self._unheard: str | None = None  # the tag whose answer nobody hears; empty where there is none
        self._patience = threading.Timer(_SILENCE, _shut, (router, socket.SHUT_RDWR))
        self._patience.daemon = True

    def requests(self) -> None:
        """Pass sentences on until one of the sides ends the connection."""
        decoder = SentenceDecoder()
        with contextlib.suppress(OSError):
            while data := self._client.recv(65536):
                try:
                    passed, place = self._passed_on(decoder.feed(data))
                except WireError:  # no sentences, such as a greeting of TLS: the router knows what to do with it
                    passed, place = data, ""
                self._router.sendall(passed)
                if place:
                    if place == "before-request":
                        self._end()
                    return  # or it ends when the answer is there
        _shut(self._router, socket.SHUT_WR)

    def _passed_on(self, sentences: Iterable[list[str]]) -> tuple[bytes, str]:
        """Give what the router gets of these, and where the connection is cut, if it is."""
        passed = bytearray()
        for words in sentences:
            self._relay.asked.append(words[0])
            place = self._relay.happens("before-request", "after-request")
            if place != "before-request":
                passed += encode_sentence(words)
            if place:
                self._unheard = _tag(words) if place == "after-request" else None
                return bytes(passed), place
        return bytes(passed), ""

    def replies(self) -> None:
        """Pass answers back; after a cut, let the router finish what it was sent."""
        decoder = SentenceDecoder()
        with contextlib.suppress(OSError):
            while data := self._router.recv(65536):
                if self._over.is_set():
                    continue
                try:
                    passed, ends = self._passed_back(decoder.feed(data))
                except WireError:
                    passed, ends = data, False
                with contextlib.suppress(OSError):  # the client may have gone
                    self._client.sendall(passed)
                if ends:
                    self._end()
        self._close()

    def _passed_back(self, sentences: Iterable[list[str]]) -> tuple[bytes, bool]:
        """Give what the client gets of these, and whether the connection ends with that."""
        passed = bytearray()
        for words in sentences:
            if self._unheard is not None and _tag(words) == self._unheard:
                if words[0] in ("!done", "!fatal"):
                    return bytes(passed), True
                continue
            coded = encode_sentence(words)
            place = self._relay.happens("after-reply", "inside-reply")
            passed += coded[: len(coded) // 2] if place == "inside-reply" else coded
            if place:
                return bytes(passed), True
        return bytes(passed), False

    def _end(self) -> None:
        """Cut: nothing goes to the client any more, and nothing further to the router."""
        self._over.set()
        _shut(self._router, socket.SHUT_WR)
        _shut(self._client, socket.SHUT_RDWR)
        self._patience.start()

    def _close(self) -> None:
        self._patience.cancel()
        _shut(self._client, socket.SHUT_RDWR)
        self._client.close()
        self._router.close()


def _shut(channel: socket.socket, ways: int) -> None:
    with contextlib.suppress(OSError):  # the other side may have gone
        channel.shutdown(ways)


def _tag(words: list[str]) -> str:
    return next((word[len(".tag=") :] for word in words if word.startswith(".tag=")), "")
