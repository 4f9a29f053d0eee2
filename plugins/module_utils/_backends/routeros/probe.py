# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which WireGuard interfaces a router has, and whether their peers answer.

Rules of this file: it changes nothing, and sends nothing: a router dials a peer that has an endpoint by itself, again
and again, so that it is enough to wait.
"""

from __future__ import annotations

import time
from typing import Any, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.patience import Pace, keep_looking
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend import RouterosBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.clock import CLOCK, decode_clock
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import (
    Console,
    open_console,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.reading import read_menus
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.rows import (
    Printed,
    decode_interface,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.watch import Watch

_POLL = 0.5  # seconds


class Observer:
    """One session for as many interfaces as are asked for."""

    def __init__(self) -> None:
        self._console: Console | None = None
        self._printed: Printed | None = None  # when the names were asked for; it serves the first look

    def interface_names(self, params: Mapping[str, Any]) -> list[str]:
        """Give the names of all WireGuard interfaces."""
        self._printed = read_menus(self._open(params), None).printed
        return sorted(row["name"] for row in self._printed.interfaces)

    def open(self, name: str, params: Mapping[str, Any]) -> RouterosBackend:
        """Give the backend of an interface."""
        return RouterosBackend(name, self._open(params))

    def probe(
        self, backends: Sequence[Backend], params: Mapping[str, Any], timeout: float, watch: Watch
    ) -> list[Interface]:
        """Observe interfaces; with a timeout in seconds, wait so long for handshakes with silent peers."""
        return keep_looking(lambda: self._observe(backends, params), watch, Pace(timeout, _POLL))

    def clock(self, params: Mapping[str, Any]) -> float | None:
        """Give the time of the router in seconds since 1970, None where it does not tell."""
        [rows] = self._open(params).print([CLOCK])
        return next((decode_clock(row) for row in rows), None)

    def _observe(self, backends: Sequence[Backend], params: Mapping[str, Any]) -> list[Interface]:
        names = [backend.name for backend in backends if isinstance(backend, RouterosBackend)]
        printed, self._printed = self._printed, None
        if printed is None and len(names) == 1:
            return [backend.read() for backend in backends]
        console = self._open(params)
        if printed is None:
            printed = read_menus(console, None).printed
        now = time.time()
        return [decode_interface(name, printed, console.release, now)[0] for name in names]

    def _open(self, params: Mapping[str, Any]) -> Console:
        if self._console is None:
            self._console = open_console(params)
        return self._console
