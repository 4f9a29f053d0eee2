# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam to a data plane: what it is told, and what it says of the traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

# Menu path to rows as a user with all policies would see them, secrets in clear, dynamic rows left out.
Configuration = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class PeerStatistics:
    """What a device knows of a peer. ``handshake`` is seconds since the last one, None before the first."""

    rx: int = 0
    tx: int = 0
    handshake: int | None = None
    endpoint_address: str = ""
    endpoint_port: int = 0


Statistics = dict[tuple[str, str], PeerStatistics]  # by (interface, public key)


class DataPlane(Protocol):
    """Makes packets obey the configuration. Both calls may block: the router makes them in a thread of their own."""

    def commit(self, configuration: Configuration) -> None:
        """Realise the whole configuration; leave alone what is as it should be."""

    def statistics(self) -> Statistics:
        """Say what the devices have seen."""

    def close(self) -> None:
        """Take away what was made."""
