# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a host carries, and which prefixes it reaches at each of its peers: members and clients.

Rules of this file: pure; every prefix is in exactly one peer of a host. A client is a peer of each of its servers; for
all others it is at its first server, wherever that is reached. A client whose last day is over is nowhere.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Client, Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import ClientEntry, Pinned
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day

# Without a date nobody has expired.
BEFORE_ALL = Day(1, 1, 1)

Reachable = Dict[str, FrozenSet[Prefix]]  # by peer


class Reached(NamedTuple):
    """What a host reaches, by the names of its peers in the declared order."""

    members: Reachable
    clients: Reachable  # those that it serves itself
    carried_clients: frozenset[Prefix]  # of the members' prefixes, those that are clients of theirs

    @property
    def prefixes(self) -> frozenset[Prefix]:
        """Give all prefixes."""
        parts = (*self.members.values(), *self.clients.values())
        return frozenset(prefix for part in parts for prefix in part)

    @property
    def all_clients(self) -> frozenset[Prefix]:
        """Give the addresses of all clients that are reached, in one way or the other."""
        return self.carried_clients | {prefix for part in self.clients.values() for prefix in part}


def active_clients(network: Network, today: Day) -> dict[str, Client]:
    """Give the clients that have not expired."""
    return {name: client for name, client in network.clients.items() if not client.expired(today)}


def reached_by(network: Network, pinned: Pinned, host: str, today: Day) -> Reached:
    """Give all that a host reaches."""
    clients = active_clients(network, today)
    addresses = {name: _hosts(pinned.clients.get(name, ClientEntry())) for name in clients}
    served = {name: addresses[name] for name, client in clients.items() if host in client.via}
    at_first: dict[str, set[Prefix]] = {}
    for name, client in clients.items():
        if name not in served:
            at_first.setdefault(client.via[0], set()).update(addresses[name])
    members: Reachable = {}
    carried_clients: set[Prefix] = set()
    for peer, carried in reach(network, host).items():
        behind = {prefix for name in carried for prefix in at_first.get(name, ())}
        carried_clients |= behind
        members[peer] = frozenset(behind).union(*(announced(network, pinned, name) for name in carried))
    return Reached(members, served, frozenset(carried_clients))


def announced(network: Network, pinned: Pinned, name: str) -> list[Prefix]:
    """Give the prefixes that are reached at a member: its tunnel addresses and what is behind it."""
    return [address.host for address in pinned.members[name].addresses] + list(network.members[name].routes)


def users_of(network: Network, gateway: str) -> Mapping[str, tuple[Prefix, ...]]:
    """Give the members that reach the internet through a gateway, and what is behind each of them."""
    return {
        name: member.routes
        for name, member in network.members.items()
        if member.gateway is not None and member.gateway.via == gateway
    }


def _hosts(entry: ClientEntry) -> frozenset[Prefix]:
    return frozenset(address.host for address in entry.addresses)
