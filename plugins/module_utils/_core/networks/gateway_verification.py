# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the gateways of networks and with those that use them, each of which is well-formed.

Rules of this file: those of the verification as a whole.
"""

from __future__ import annotations

from typing import Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    FWMARK,
    PER_PAIR,
    Declaration,
    Gateway,
    GatewayUse,
    Member,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.default_prefixes import (
    default_families,
    families_let_out,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import is_sound, reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import numeric_host

_BESIDE_OTHER_LINKS = ("halves", "replace")  # methods that take a part of the host's own default route


def gateway_problems(network: Network) -> Iterator[Problem]:
    """Find what is wrong between gateways and the rest of their network."""
    for name, gateway in network.gateways.items():
        place = f"{network.place}.gateways.{name}"
        member = network.members.get(name)
        if member is None:
            yield Problem(place, "is no member of this network")
        elif member.external:
            yield Problem(place, "is not configured from here, so that it cannot let others out")
        else:
            yield from _interface_problems(member, gateway, place)
        yield from _translation_problems(network, gateway, place)
    for name, member in network.members.items():
        if member.gateway is not None:
            yield from _use_problems(network, member, network.member_place(name))


def preshared_problems(network: Network) -> Iterator[Problem]:
    """Find a network whose preshared keys nobody could hold."""
    ours = [name for name, member in network.members.items() if not member.external]
    if network.psk == PER_PAIR and len(ours) < 2 and not network.clients:
        message = (
            f"{PER_PAIR} protects nothing here, where all others are external: the key of such a pair is made out with"
            " them, and set with linux_peer or routeros_peer"
        )
        yield Problem(network.place + ".psk", message)


def shared_host_problems(declaration: Declaration) -> Iterator[Problem]:
    """Find hosts that would send the same packets through two networks."""
    first: dict[tuple[str, str], str] = {}
    for network in declaration.values():
        for name, member in network.members.items():
            if member.gateway is None:
                continue
            option, whose = ("gateway", "its default route") if member.split is None else ("split", "a split tunnel")
            other = first.setdefault((name, option), network.name)
            if other != network.name:
                message = f"this host has {whose} through the network {other} already"
                yield Problem(f"{network.member_place(name)}.{option}", message)


def _interface_problems(member: Member, gateway: Gateway, place: str) -> Iterator[Problem]:
    named = {"out_interface": (gateway.out_interface,), "proxy_arp": gateway.proxy_arp, "proxy_ndp": gateway.proxy_ndp}
    for option, interfaces in named.items():
        if member.interface in interfaces:
            yield Problem(f"{place}.{option}", f"{member.interface} is the tunnel itself")


def _translation_problems(network: Network, gateway: Gateway, place: str) -> Iterator[Problem]:
    versions = {FAMILIES[family] for family in families_let_out(network, gateway)}
    for index, address in enumerate(gateway.snat):
        version = 6 if ":" in address else 4
        if version not in versions:
            yield Problem(f"{place}.snat[{index}]", f"{address}: nothing of IPv{version} is let out here")


def _use_problems(network: Network, member: Member, place: str) -> Iterator[Problem]:
    use = member.gateway
    if use is None:
        return
    if use.via == member.name:
        yield Problem(place + ".gateway", "is the member itself")
        return
    if use.via not in network.gateways:
        yield Problem(place + ".gateway", f"{use.via} is none of the gateways of this network")
        return
    if use.via not in network.members:
        return
    if is_sound(network) and use.via not in reach(network, member.name):
        yield Problem(place + ".gateway", f"{use.via} is not linked to {member.name}, but reached through another")
    if not default_families(network, member):
        yield Problem(place + ".gateway", f"{use.via} lets out no family of which the pool has addresses")
    way = _way_out(network, member)
    if member.name in way:
        yield Problem(place + ".gateway", f"{use.via} reaches the internet through {member.name} in turn")
    elif is_sound(network):
        yield from _hop_problems(network, member, way)
    yield from _method_problems(network, member, place)


def _way_out(network: Network, member: Member) -> list[str]:
    """Give the gateways that a member goes through in turn, each once, also where they lead back."""
    way: dict[str, None] = {}
    use = member.gateway
    while use is not None and use.via in network.members and use.via not in way:
        way[use.via] = None
        use = network.members[use.via].gateway
    return list(way)


def _hop_problems(network: Network, member: Member, way: list[str]) -> Iterator[Problem]:
    """Find the first gateway on the way out that drops a member's packets, since it has the member at another peer."""
    last = network.members[way[-1]].gateway
    if last is not None and last.via in way:
        return  # that they lead back is told of those who do
    for name, further in zip(way, way[1:]):
        if network.members[name].split is not None:
            return
        carried = reach(network, further).get(name)
        if carried is not None and member.name not in carried:
            message = (
                f"{name} sends everything on to {further}, which takes nothing of {member.name} from it: choose"
                f" {further} here, or take gateway from {name}"
            )
            yield Problem(f"{network.member_place(member.name)}.gateway", message)
            return


def _method_problems(network: Network, member: Member, place: str) -> Iterator[Problem]:
    use = member.gateway
    if use is None:
        return
    if member.split is not None:
        if use.kill_switch:
            yield Problem(place + ".gateway.kill_switch", "is for a whole default route, and not for a split tunnel")
        return
    if use.method != FWMARK and not network.members[use.via].dialable:
        yield Problem(place + ".gateway.method", f"{use.method} needs a gateway with an endpoint; {FWMARK} does not")
    if _needs_a_name(network, use):
        name = f"{use.via} is dialled by a name, which nobody answers at boot while the kill switch is in force"
        yield Problem(place + ".gateway.kill_switch", f"{name}: give it an address, or keep the name servers reachable")
    if network.persist == "networkd" and use.method in _BESIDE_OTHER_LINKS:
        sentence = (
            f"{use.method} changes routes of other links, which persist: networkd cannot keep: use fwmark or rule"
        )
        yield Problem(place + ".gateway.method", sentence)


def _needs_a_name(network: Network, use: GatewayUse) -> bool:
    """Tell whether a host would have to ask for an address what its kill switch keeps from it."""
    endpoint = network.members[use.via].endpoint
    return use.kill_switch and not use.keep and endpoint is not None and numeric_host(endpoint.host) is None
