# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening sockets, the table of sessions, the scheduler's clock, and the data plane's turn.

Rules of this file: one thread runs all of it; only the data plane works in another, and while it does no session is
answered, so that ``!done`` means that packets already obey.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import sys
import time
import traceback

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.device import Device
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.faults import Faults
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import parse_duration
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.journal import Journal
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.namespace_commands import PlaneError
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Sentence
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.sessions import Session
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import DataPlane
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Change
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import Trap
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.wire import encode_sentence

TICK = 0.1


class Server:
    """Serves one device. ``latency`` is the time from a request's arrival to its answer, in seconds."""

    def __init__(
        self,
        device: Device,
        plane: DataPlane | None,
        faults: Faults,
        journal: Journal,
        latency: float = 0.0,
        interleave: bool = True,
        undo_delay: float = 0.0,
    ) -> None:
        self.device = device
        self.plane = plane
        self.faults = faults
        self.journal = journal
        self.latency = latency
        self.interleave = interleave
        self.problems: list[str] = []  # what was not done as it was asked for, and nobody has been told of
        self._undo_delay = undo_delay
        self._sessions: dict[int, Session] = {}
        self._numbers = itertools.count(1)
        self._dirty = True
        self._lock = asyncio.Lock()
        self._listeners: list[asyncio.Server] = []
        self._due: dict[str, float] = {}
        device.router.store.watchers.append(self._changed)
        device.rebooted = self._end_sessions

    async def listen(self, address: str, port: int, context: ssl.SSLContext | None = None) -> int:
        """Open a port (0: any) and give its number."""
        server = await asyncio.start_server(self._accept, address, port, ssl=context, backlog=256)
        self._listeners.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def run(self, stop: asyncio.Event) -> None:
        """Run the scheduler until told to stop, then close everything."""
        await self.settle()
        try:
            while not stop.is_set():
                await asyncio.sleep(TICK)
                self._run_due_events()
                self._drop_expired()
                await self.settle()
        finally:
            for listener in self._listeners:
                listener.close()
            self._end_sessions()
            if self.plane is not None:
                self.plane.close()

    def _changed(self, _change: Change) -> None:
        self._dirty = True

    def _end_sessions(self) -> None:
        for session in list(self._sessions.values()):
            session.close()

    @property
    def _maximum(self) -> int:
        """How many sessions there may be (schema)."""
        service = self.device.router.find("/ip/service", "api")
        return int(service.values.get("max-sessions", "20")) if service else 20

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.full or len(self._sessions) >= self._maximum:
            if self.device.router.profile["full-table"] == "fatal":
                writer.write(encode_sentence(["!fatal", "too many sessions"]))
            writer.close()
            return
        session = Session(self, next(self._numbers), reader, writer)
        self._sessions[session.number] = session
        try:
            await session.serve()
        except Exception:
            self._tell(traceback.format_exc())
            raise
        finally:
            del self._sessions[session.number]
            if self.device.safe_mode.holder == session.number:
                await asyncio.sleep(self._undo_delay)
                self.device.safe_mode.lost(session.number)
                await self.settle()

    async def settle(self) -> None:
        """Let the data plane realise what has changed."""
        if self.plane is None or not self._dirty:
            return
        async with self._lock:
            if self._dirty:
                self._dirty = False
                configuration = self.device.router.configuration()
                try:
                    await asyncio.to_thread(self.plane.commit, configuration)
                except PlaneError as error:  # the router goes on, and what it could not realise is told
                    self._tell(str(error))

    def _tell(self, problem: str) -> None:
        """Tell people by standard error, and tests by an order."""
        self.problems.append(problem)
        print(f"routeros: {problem}", file=sys.stderr)

    async def refresh(self, batch: list[Sentence]) -> None:
        """Ask the data plane for statistics if one of these requests shows any."""
        shows = any(words[0].startswith("/interface") and words[0].endswith(("/print", "/getall")) for words in batch)
        if self.plane is not None and shows:
            async with self._lock:
                self.device.router.statistics = await asyncio.to_thread(self.plane.statistics)

    def _drop_expired(self) -> None:
        """Remove entries of address lists whose time is over (CLI reference)."""
        store = self.device.router.store
        for menu in ("/ip/firewall/address-list", "/ipv6/firewall/address-list"):
            for row in [row for row in store.rows[menu] if float(row.values.get("expires", "inf")) <= time.time()]:
                store.delete(row)

    def _run_due_events(self) -> None:
        """Run scheduler entries whose interval is over; those without one never run again."""
        now = asyncio.get_running_loop().time()
        rows = {row.id: row for row in self.device.router.store.rows["/system/scheduler"] if not row.disabled}
        self._due = {identity: due for identity, due in self._due.items() if identity in rows}
        for identity, row in rows.items():
            interval = (parse_duration(row.values.get("interval", "0s")) or 0) / 1000
            if not interval:
                continue
            if now < self._due.setdefault(identity, now + interval):
                continue
            self._due[identity] = now + interval
            row.values["run-count"] = str(int(row.values.get("run-count", "0")) + 1)
            try:
                self.device.run_event(row)
            except Trap:  # a script that fails says nothing to anybody (librouteros)
                continue
