# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the clients of a network, each of which is well-formed.

Rules of this file: those of the verification as a whole.
"""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    IPV6_MINIMUM_MTU,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    FULL,
    Client,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import is_sound, reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import numeric_host

_Swallowed = Dict[Tuple[str, Tuple[Prefix, ...]], Tuple[Prefix, ...]]


def client_problems(network: Network) -> Iterator[Problem]:
    """Find what is wrong between a client and the rest of its network."""
    sent: _Swallowed = {}
    for name, client in network.clients.items():
        place = network.client_place(name)
        if name in network.members:
            yield Problem(place, "is the name of a member too: clients and members share one space of names")
        servers = [*_server_problems(network, client)]
        yield from servers
        if client.profile == FULL and client.via and client.via[0] not in network.gateways and not servers:
            message = f"full needs a way out: {client.via[0]}, its first server, is not among gateways"
            yield Problem(place + ".profile", message)
        if client.mtu is not None and client.mtu < IPV6_MINIMUM_MTU and (client.profile == FULL or _has_ipv6(network)):
            yield Problem(place + ".mtu", f"{client.mtu} is too small for IPv6{_least_mtu(network)}")
        if not servers and client.via and client.profile != FULL and is_sound(network):
            yield from _swallowed_servers(network, client, sent)
            yield from _unreached_networks(network, client)


def _server_problems(network: Network, client: Client) -> Iterator[Problem]:
    for index, name in enumerate(client.via):
        place = f"{network.client_place(client.name)}.via[{index}]"
        member = network.members.get(name)
        if member is None:
            yield Problem(place, f"'{name}' is no member of this network")
        elif member.external:
            yield Problem(place, f"{name} is not configured from here, so that it cannot serve clients")
        elif not member.dialable:
            yield Problem(place, f"{name} cannot be dialled: give it an endpoint or choose another")
        if name in client.via[:index]:
            yield Problem(place, f"{name} is there twice")


def _has_ipv6(network: Network) -> bool:
    return any(pool.version == 6 for pool in network.pools)


def _least_mtu(network: Network) -> str:
    # No system routes IPv6 to a device with less.
    if _has_ipv6(network):
        return f": at least {IPV6_MINIMUM_MTU}"
    return (
        f", which a full tunnel takes too: at least {IPV6_MINIMUM_MTU}, or networks: [0.0.0.0/0] in place of"
        " profile: full"
    )


def _swallowed_servers(network: Network, client: Client, sent: _Swallowed) -> Iterator[Problem]:
    """Find servers whose endpoint a client would send into the very tunnel that leads there."""
    known = (client.via[0], client.networks)
    if known not in sent:
        sent[known] = client.networks or tuple(_reached(network, client.via[0]))
    for index, name in enumerate(client.via):
        endpoint = network.members[name].endpoint
        host = None if endpoint is None else numeric_host(endpoint.host)
        # Of everything, each platform leaves the way to the server alone.
        swallowing = next((each for each in sent[known] if each.length and host and each.contains(host)), None)
        if swallowing:
            message = (
                f"the endpoint of {name} lies in {swallowing}, so that the client would send the tunnel into itself"
            )
            yield Problem(f"{network.client_place(client.name)}.via[{index}]", message)


def _unreached_networks(network: Network, client: Client) -> Iterator[Problem]:
    """Find prefixes that a client would send to servers of which none could do anything with them."""
    first, *further = client.via
    gateway = network.gateways.get(first)
    let_out = () if gateway is None else tuple(FAMILIES[family] for family in gateway.families)
    # Of everything, what a gateway does not let out ends there: that is asked for.
    wanted = [
        (index, prefix)
        for index, prefix in enumerate(client.networks)
        if (prefix.version not in let_out if prefix.length else gateway is None)
    ]
    if not wanted:
        return
    reached = {*_reached(network, first), *(prefix for name in further for prefix in network.members[name].routes)}
    reached |= {address.host for end in network.members.values() for address in end.addresses or ()}
    reached |= {address.host for end in network.clients.values() for address in end.addresses or ()}
    for index, prefix in wanted:
        if not prefix.length or not any(prefix.overlaps(other) for other in reached):
            message = f"{prefix} is reached by no server of this client: it is behind no member, and {first} lets"
            yield Problem(
                f"{network.client_place(client.name)}.networks[{index}]",
                f"{message} nothing of IPv{prefix.version} out",
            )


def _reached(network: Network, first: str) -> Iterable[Prefix]:
    names = {first, *(name for carried in reach(network, first).values() for name in carried)}
    return [*network.pools, *(prefix for name in names for prefix in network.members[name].routes)]
