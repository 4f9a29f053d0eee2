# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of peers that were silent when a probe began.

Rules of this file: pure; `now` and the seconds since the beginning are handed in. Counters tell what a handshake that
does not come cannot: a packet that was sent at one end and never heard at the other was lost on that way.
"""

from __future__ import annotations

from typing import Collection, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

# WireGuard paper, section 6.1: the session of a peer that was heard within this time holds.
REJECT_AFTER = 180  # seconds

_Place = Tuple[str, PublicKey]  # the interface's name and the peer


class Probed(NamedTuple):
    """What a probe found of one peer: when its handshake was seen, None for never, and what passed meanwhile."""

    answered_after: float | None  # seconds
    watched_for: float  # seconds
    rx_bytes: int
    tx_bytes: int


class Watch:
    """Looks at peers again and again; at those that are named, else at all.

    Where `awaited` is given too, the others among them are greeted and not waited for, and nothing is told of them,
    unless they `were_heard`, and have had a handshake at any time.
    """

    def __init__(
        self,
        wanted: Collection[PublicKey] | None = None,
        awaited: Collection[PublicKey] | None = None,
        were_heard: bool = False,
    ) -> None:
        self._wanted = wanted
        self._awaited = wanted if awaited is None else awaited
        self._were_heard = were_heard
        self._elapsed = 0.0
        self._first: dict[_Place, Peer] = {}
        self._last: dict[_Place, Peer] = {}
        self._answered: dict[_Place, float] = {}

    def note(self, observed: Sequence[Interface], now: float, elapsed: float) -> bool:
        """Take a reading, and tell whether anybody is still silent who could answer."""
        silent = False
        self._elapsed = elapsed
        for interface in observed:
            for key, peer in interface.peers.items() if interface.up else ():
                if not self._is_awaited(key, peer):
                    continue
                place = interface.name, key
                self._first.setdefault(place, peer)
                self._last[place] = peer
                if peer.last_handshake >= now - REJECT_AFTER:
                    self._answered.setdefault(place, elapsed)
                else:
                    silent = silent or place not in self._answered
        return silent

    def _is_awaited(self, key: PublicKey, peer: Peer) -> bool:
        if self._awaited is None or key in self._awaited:
            return True
        return self._were_heard and bool(peer.last_handshake) and self.concerns(key)

    def concerns(self, key: PublicKey) -> bool:
        """Tell whether a peer is one of those that are looked at."""
        return self._wanted is None or key in self._wanted

    def results(self, interface: str) -> Mapping[PublicKey, Probed]:
        """Give what was found of the peers of an interface."""
        return {
            key: Probed(
                self._answered.get((name, key)),
                self._answered.get((name, key), self._elapsed),
                max(last.rx_bytes - self._first[name, key].rx_bytes, 0),
                max(last.tx_bytes - self._first[name, key].tx_bytes, 0),
            )
            for (name, key), last in self._last.items()
            if name == interface
        }
