# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent for the peers of an interface, in its order.

Rules of this file: no input or output. What one peer gains is taken from the other first: a router keeps the text of
both lists as they were set, and some refuse a prefix that two peers have. Hence a peer that both loses and gains what
another has is set twice. Only what differs is sent.
"""

from __future__ import annotations

from typing import Collection, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import set_row
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Command
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.rows import (
    PEERS,
    encode_new_peer,
    encode_peer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey


class PeerCommands(NamedTuple):
    """Commands that need nothing of each other; those of `then` are sent when those of `first` are done."""

    first: list[Command]
    then: list[Command]


class PeerRows(NamedTuple):
    """Where the peers of an interface are."""

    interface: str
    ids: Mapping[PublicKey, str]
    release: Release


def peer_commands(
    before: Mapping[PublicKey, Peer], after: Mapping[PublicKey, Peer], steps: Iterable[SetPeer], rows: PeerRows
) -> PeerCommands:
    """Give the commands that lead from the peers before, of which those that go are gone, to those after."""
    wanted = {step.public_key: step for step in steps}
    holders = _holders(before[key] for key in before.keys() & after.keys())
    commands = PeerCommands([], [])
    for key, peer in after.items():
        step, known = wanted.get(key, SetPeer(key)), before.get(key)
        if known is None:
            attributes = encode_new_peer(step, rows.interface, peer.allowed_ips, rows.release)
            commands.then.append(Command(PEERS + "/add", attributes))
            continue
        first, then = _stages(known, peer.allowed_ips, holders)
        if first is not None:
            attributes = encode_peer(step, first, rows.release)
            commands.first.append(set_row(PEERS, rows.ids[key], attributes))
            step = SetPeer(key)
        attributes = encode_peer(step, then, rows.release)
        if attributes:
            commands.then.append(set_row(PEERS, rows.ids[key], attributes))
    return commands


def _stages(
    known: Peer, wanted: frozenset[Prefix], holders: Mapping[Prefix, Collection[PublicKey]]
) -> tuple[frozenset[Prefix] | None, frozenset[Prefix] | None]:
    """Give the list that a peer has first, and the one that it has in the end; None where it stays as it is."""
    if known.allowed_ips == wanted:
        return None, None
    if not known.allowed_ips - wanted:
        return None, wanted
    contested = any(set(holders.get(prefix, ())) - {known.public_key} for prefix in wanted - known.allowed_ips)
    return (known.allowed_ips & wanted, wanted) if contested else (wanted, None)


def _holders(peers: Iterator[Peer]) -> dict[Prefix, list[PublicKey]]:
    found: dict[Prefix, list[PublicKey]] = {}
    for peer in peers:
        for prefix in peer.allowed_ips:
            found.setdefault(prefix, []).append(peer.public_key)
    return found
