# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for peers: the options for it, and what is told of it.

Rules of this file: nothing is waited for, and nothing sent, without a timeout. What is wrong with the options is told
before anything is written.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Collection, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import at
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.watch import Watch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey, decode_key


class Senses(NamedTuple):
    """How a platform looks whether peers answer, and at its clock in seconds since 1970."""

    probe: Callable[[Sequence[Backend], Mapping[str, Any], float, Watch], Sequence[Interface]]
    clock: Callable[[Mapping[str, Any]], float | None]


class Probing:
    """What the options ask for, from the beginning of a module's work. Raises InvalidInput."""

    def __init__(self, senses: Senses, params: Mapping[str, Any]) -> None:
        self._senses, self._params = senses, params
        self._began = time.monotonic()
        self.peers = _peers("probe_peers", params)  # None: whoever there is
        self._awaited = _peers("probe_await", params)  # None: all of these

    def watch(self) -> Watch:
        """Give what looks at the peers that are there already."""
        if self._awaited is None:
            return Watch(self.peers)
        return Watch(self.peers, self._awaited if self.peers is None else self._awaited & self.peers, were_heard=True)

    def look(self, backends: Sequence[Backend], watch: Watch) -> Sequence[Interface]:
        """Observe interfaces, and wait for the watched peers as long as the options say."""
        return self._senses.probe(backends, self._params, self._params["probe_timeout"], watch)

    def clock_words(self) -> dict[str, int]:
        """Tell by how much the clock of the device is ahead of the controller's, where that is asked for and known."""
        reference = self._params["controller_time"]
        now = None if reference is None else self._senses.clock(self._params)
        if now is None:
            return {}
        return {"clock_offset": int(now - (time.monotonic() - self._began) - reference)}

    def words_of_new(self, backend: Backend, made: Collection[PublicKey]) -> dict[str, Any]:
        """Greet the peers that were just made, wait for those that are named, and tell what came of these."""
        if not made or self._params["probe_timeout"] <= 0:
            return {}
        watch = Watch(made, made if self.peers is None else self.peers & frozenset(made))
        (observed,) = self.look([backend], watch)
        found = sorted(watch.results(observed.name).items())
        return {
            "probes": [
                {"interface": observed.name, "public_key": str(key), **probed._asdict()} for key, probed in found
            ],
            **self.clock_words(),
        }


def _peers(option: str, params: Mapping[str, Any]) -> frozenset[PublicKey] | None:
    texts = params.get(option)
    with at(option):
        return None if texts is None else frozenset(decode_key(text, PublicKey) for text in texts)
