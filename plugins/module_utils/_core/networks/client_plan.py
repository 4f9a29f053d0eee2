# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration of one client says, but for its private key.

Rules of this file: pure; what a client reaches is in exactly one of its peers, and of two prefixes of which one lies in
the other, the narrower decides, as in WireGuard itself. What is at or behind a further server goes to that server, and
everything else to the first one. The private key is no part of it.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    FULL,
    PER_PAIR,
    Client,
    Declaration,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.default_prefixes import EVERYTHING
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    ClientEntry,
    Pinned,
    Registry,
    client_place_of,
    place_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import sort_key


class PlannedServer(NamedTuple):
    """One server, as the client shall have it as a peer."""

    name: str
    public_key: PublicKey
    endpoint: Endpoint
    allowed_ips: tuple[Prefix, ...]  # sorted
    keepalive: int  # seconds, 0 is off
    psk_pair: tuple[str, str] | None = None  # of whom the preshared key is derived; None: there is none
    psk_epoch: int = 1


class ClientPlan(NamedTuple):
    """What one client shall have."""

    network: str
    client: Client
    addresses: tuple[InterfaceAddress, ...]  # of full length
    servers: tuple[PlannedServer, ...]
    mtu: int | None = None  # bytes; None leaves it to the device
    public_key: PublicKey | None = None  # the one that is declared or pinned; None: not known yet
    expired: bool = False
    missing: tuple[str, ...] = ()  # servers that are left out, because their key is not known yet

    @property
    def dns(self) -> tuple[str, ...]:
        """Give the name servers of the client."""
        return self.client.dns


def client_plan(declaration: Declaration, registry: Registry, network: str, client: str, today: Day) -> ClientPlan:
    """Give what one client of a verified declaration shall have.

    Raises InvalidInput where there is no such client, or one that matters to it has not been settled in the registry.
    """
    declared = declaration.get(network)
    if declared is None or client not in declared.clients:
        raise InvalidInput([Problem(client_place_of(network, client), "is not declared")])
    pinned = registry.get(network, Pinned())
    asked = declared.clients[client]
    known = declared.members.keys() & pinned.members.keys()
    places = [place_of(network, name) for name in asked.via if name not in known]
    if client not in pinned.clients:
        places.append(client_place_of(network, client))
    if places:
        message = "is missing: bring the registry up to date with the declaration first"
        raise InvalidInput([Problem(place, message) for place in places])
    entry = pinned.clients[client]
    return ClientPlan(
        network=network,
        client=asked,
        addresses=full_length(entry),
        servers=tuple(_servers(declared, pinned, asked)),
        mtu=asked.mtu,
        public_key=asked.public_key or entry.public_key,
        expired=asked.expired(today),
        missing=tuple(name for name in asked.via if pinned.members[name].public_key is None),
    )


def full_length(entry: ClientEntry) -> tuple[InterfaceAddress, ...]:
    """Give a client's addresses as hosts: what is on-link is not for the client to say."""
    return tuple(address._replace(length=address.host.length) for address in entry.addresses)


def _servers(network: Network, pinned: Pinned, client: Client) -> list[PlannedServer]:
    allowed = allowed_ips_of_client(network, pinned, client)
    servers = []
    for name in client.via:
        key, endpoint = pinned.members[name].public_key, network.members[name].endpoint
        if key is None or endpoint is None:
            continue
        servers.append(
            PlannedServer(
                name=name,
                public_key=key,
                endpoint=endpoint,
                allowed_ips=tuple(sorted(allowed[name], key=sort_key)),
                keepalive=client.keepalive,
                psk_pair=(name, client.name) if network.psk == PER_PAIR else None,
                psk_epoch=network.psk_epoch,
            )
        )
    return servers


def allowed_ips_of_client(network: Network, pinned: Pinned, client: Client) -> dict[str, frozenset[Prefix]]:
    """Give, for each server of a client, what the client sends to it."""
    first, *further = client.via
    own = {name: _own(pinned, name) for name in client.via}
    behind = {name: frozenset(network.members[name].routes) for name in client.via}
    result = {name: own[name] | _narrowed(behind[name], client.networks) for name in further}
    elsewhere = frozenset(prefix for name in further for prefix in own[name] | behind[name])
    result[first] = own[first] | {
        prefix for prefix in _wanted_of_first(network, client) if not any(other.contains(prefix) for other in elsewhere)
    }
    return result


def _own(pinned: Pinned, name: str) -> frozenset[Prefix]:
    return frozenset(address.host for address in pinned.members[name].addresses)


def _wanted_of_first(network: Network, client: Client) -> Iterable[Prefix]:
    if client.profile == FULL:
        # Both, also where the network has addresses of one family alone: what the tunnel cannot carry ends in it, as
        # it does with the apps, and does not leave in clear.
        return EVERYTHING.values()
    if client.networks:
        return client.networks
    first = client.via[0]
    reached = {first, *(name for carried in reach(network, first).values() for name in carried)}
    return {*network.pools, *(prefix for name in reached for prefix in network.members[name].routes)}


def _narrowed(prefixes: Iterable[Prefix], wanted: tuple[Prefix, ...]) -> frozenset[Prefix]:
    """Give what two lists have in common; an empty second one is everything."""
    if not wanted:
        return frozenset(prefixes)
    return frozenset(one if two.contains(one) else two for one in prefixes for two in wanted if one.overlaps(two))
