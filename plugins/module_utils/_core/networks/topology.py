# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is linked to whom, and who is reached through whom.

Rules of this file: a host's peers are a function of the network alone, in the declared order; every member that is
reached is reached through exactly one peer; two members are linked when one of them can be dialled, and else reach
each other through the hub or the relay.
"""

from __future__ import annotations

from typing import Dict, Iterable, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    HUB_SPOKE,
    LINKS,
    Network,
)

# By peer: the members that are reached through it, the peer itself first.
Reach = Dict[str, Tuple[str, ...]]


def reach(network: Network, host: str) -> Reach:
    """Give the peers of a host, and whom each of them carries."""
    if network.topology == HUB_SPOKE and host != network.hub:
        others = tuple(name for name in network.members if name not in (host, network.hub))
        return {network.hub: (network.hub, *others)}
    direct, relayed = _wanted(network, host)
    peers = {name: [name] for name in network.members if name in direct}
    if relayed:
        peers.setdefault(network.relay, [network.relay]).extend(relayed)
    return {name: tuple(carried) for name, carried in peers.items()}


def undialable_pairs(network: Network) -> list[tuple[str, str]]:
    """Give the pairs that are to be linked and of which neither can be dialled. Of a mesh, a chain of them.

    What outsiders make out between themselves is not ours.
    """
    members = network.members
    if network.topology == HUB_SPOKE:
        return []
    behind = [name for name, member in members.items() if not member.dialable]
    if network.topology == LINKS:
        pairs = [(a, b) for a, b in network.links if a in behind and b in behind]
        return [(a, b) for a, b in pairs if not (members[a].external and members[b].external)]
    return [] if all(members[name].external for name in behind) else list(zip(behind, behind[1:]))


def carries_others(network: Network, host: str) -> bool:
    """Tell whether a host passes packets on from one member to another."""
    return host in (network.hub, network.relay)


def _wanted(network: Network, host: str) -> tuple[dict[str, None], list[str]]:
    """Give whom a host is linked to, and whom it reaches through the relay."""
    members = network.members
    direct: dict[str, None] = {}
    relayed: list[str] = []
    for name in _linked(network, host):
        if members[name].dialable or members[host].dialable:
            direct[name] = None
        elif network.relay:
            relayed.append(name)
    if host == network.relay:
        # Who has to be carried is linked to the relay, whether that link was declared or not.
        direct.update((name, None) for pair in undialable_pairs(network) for name in pair)
    return direct, relayed


def _linked(network: Network, host: str) -> Iterable[str]:
    if network.topology == LINKS:
        names = {name for link in network.links if host in link for name in link}
        return [name for name in network.members if name in names and name != host]
    return [name for name in network.members if name != host]


def is_sound(network: Network) -> bool:
    """Tell whether all names in the topology are members, so that `reach` can be asked."""
    named = {name for link in network.links for name in link} | {network.hub, network.relay} - {""}
    return named <= network.members.keys() and bool(network.hub) == (network.topology == HUB_SPOKE)


def topology_problems(network: Network) -> list[Problem]:
    """Find what makes the links of a network impossible."""
    problems = _link_problems(network) + _carrier_problems(network, "hub") + _carrier_problems(network, "relay")
    return problems if network.relay or not is_sound(network) else problems + _separations(network)


def _separations(network: Network) -> list[Problem]:
    """Find members that are to reach each other and cannot."""
    message = "is missing: {0} cannot be dialled, so they need a dialable member as relay, or a hub"
    if network.topology == LINKS:
        return [
            Problem(_link_place(network, network.links.index(pair)), "needs a relay: neither end can be dialled")
            for pair in undialable_pairs(network)
        ]
    behind = list(dict.fromkeys(name for pair in undialable_pairs(network) for name in pair))
    names = ", ".join(behind[:5]) + (f" and {len(behind) - 5} more" if len(behind) > 5 else "")
    return [Problem(network.place + ".relay", message.format(names))] if behind else []


def _carrier_problems(network: Network, role: str) -> list[Problem]:
    name = getattr(network, role)
    if not name:
        return []
    place = f"{network.place}.{role}"
    if name not in network.members:
        return [Problem(place, f"'{name}' is no member of this network")]
    if not network.members[name].dialable:
        return [Problem(place, f"{name} cannot be dialled: give it an endpoint or choose another")]
    return []


def _link_problems(network: Network) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[tuple[str, ...], int] = {}
    for index, link in enumerate(network.links):
        place = _link_place(network, index)
        unknown = [name for name in link if name not in network.members]
        problems.extend(Problem(place, f"'{name}' is no member of this network") for name in unknown)
        if link[0] == link[1]:
            problems.append(Problem(place, f"links {link[0]} to itself"))
        first = seen.setdefault(tuple(sorted(link)), index)
        if first != index:
            problems.append(Problem(place, f"is the same as links[{first}]"))
    return problems


def _link_place(network: Network, index: int) -> str:
    return f"{network.place}.links[{index}]"
