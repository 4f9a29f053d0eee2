# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a declaration as a whole, found before anything is written.

Rules of this file: every check looks at all it can and reports each problem at its place; a check never depends on
another one's success; none compares each member with each other one, so that thousands of members take seconds.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    IPV6_MINIMUM_MTU,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.addressing import is_usable
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_verification import (
    client_problems,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    Client,
    Declaration,
    Derive,
    Member,
    Network,
    declared_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    read_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.gateway_verification import (
    gateway_problems,
    preshared_problems,
    shared_host_problems,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import secret_problems
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import Reach, is_sound, reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import nestings, numeric_host


class _Holder(NamedTuple):
    """A member or a client, and its place."""

    name: str
    place: str
    content: Member | Client


class _Owned(NamedTuple):
    """A prefix of a network, where it was declared; `member` is empty for a pool."""

    member: str
    place: str


def verified(data: Any, hosts: Iterable[str] | None = None, derive: Derive | None = None) -> Declaration:
    """Read a declaration and verify it. Raises InvalidInput with all problems.

    `hosts` are the names in the inventory; without them nobody is missed there. Without `derive` a private key is not
    compared with the public key beside it.
    """
    declaration, problems = read_declaration(data)
    problems.extend(find_problems(declaration, hosts, derive))
    if problems:
        raise InvalidInput(problems)
    return declaration


def verify(data: Any, hosts: Iterable[str] | None = None, derive: Derive | None = None) -> list[Problem]:
    """Give all problems of a declaration. See `verified`."""
    try:
        verified(data, hosts, derive)
    except InvalidInput as error:
        return list(error.problems)
    return []


def find_problems(
    declaration: Declaration,
    hosts: Iterable[str] | None = None,
    derive: Derive | None = None,
    psk_secret: str | None = None,
) -> Iterator[Problem]:
    """Find what is wrong between the values of a declaration, each of which is well-formed.

    `psk_secret` is that of which preshared keys will be derived. Without it, it is not missed.
    """
    known = None if hosts is None else set(hosts)
    for network in declaration.values():
        yield from _strangers(network, known)
        yield from _keys(network, derive)
        yield from _addresses(network)
        yield from _mtu(network)
        yield from _whole_internets(network)
        yield from _overlaps(network)
        yield from _swallowed_endpoints(network)
        yield from client_problems(network)
        yield from gateway_problems(network)
        yield from preshared_problems(network)
        yield from secret_problems(network, psk_secret)
    yield from _shared_endpoints(declaration)
    yield from _shared_hosts(declaration)
    yield from shared_host_problems(declaration)


def _holders(network: Network) -> list[_Holder]:
    """Give all that have keys and addresses: members and clients."""
    members = [_Holder(name, network.member_place(name), member) for name, member in network.members.items()]
    return members + [_Holder(name, network.client_place(name), client) for name, client in network.clients.items()]


def _strangers(network: Network, hosts: set[str] | None) -> Iterator[Problem]:
    for name, member in network.members.items():
        if hosts is not None and not member.external and name not in hosts:
            message = "is no host of the inventory; if it is not ours, say external: true"
            yield Problem(network.member_place(name), message)


def _keys(network: Network, derive: Derive | None) -> Iterator[Problem]:
    owners: dict[PublicKey, str] = {}
    holders = _holders(network)
    privates = {each.content.private_key.raw: each.name for each in holders if each.content.private_key}
    for name, base, holder in holders:
        place = base + ".public_key"
        key, private = holder.public_key, holder.private_key
        if key is not None and key.raw in privates:
            yield Problem(place, f"is the private key of {privates[key.raw]}: show it to nobody and make a new pair")
        elif key is not None and private is not None and derive is not None and derive(private) != key:
            yield Problem(place, "does not belong to the private key beside it")
        key = declared_key(holder, derive)
        if key is not None and owners.setdefault(key, name) != name:
            yield Problem(place, f"is the same as that of {owners[key]}")


def _addresses(network: Network) -> Iterator[Problem]:
    owners: dict[bytes, str] = {}
    for name, base, holder in _holders(network):
        for index, address in enumerate(holder.addresses or ()):
            place = f"{base}.address[{index}]"
            pool = next((pool for pool in network.pools if pool.contains(address.host)), None)
            if network.pools and pool is None:
                yield Problem(place, f"{address.ip} is outside of the pool")
            elif pool is not None and not is_usable(address, pool):
                yield Problem(place, f"{address.ip} is not for members: it is a network, broadcast or anycast address")
            elif pool is not None and address.length < pool.length:
                yield Problem(
                    place, f"{address} is wider than its pool {pool}: that would take in what is outside of it"
                )
            owner = owners.setdefault(address.packed, name)
            if owner != name:
                yield Problem(place, f"{address.ip} is the address of {owner} too")


def _mtu(network: Network) -> Iterator[Problem]:
    if not any(prefix.version == 6 for prefix, owner in _owned(network)):
        return
    reported = set()
    for name, member in network.members.items():
        place = network.member_place(name) if member.own_mtu else network.place
        if member.mtu < IPV6_MINIMUM_MTU and place not in reported:
            reported.add(place)
            yield Problem(place + ".mtu", f"{member.mtu} is too small for IPv6: at least {IPV6_MINIMUM_MTU}")


def _whole_internets(network: Network) -> Iterator[Problem]:
    for name, member in network.members.items():
        for index, prefix in enumerate(member.routes):
            if not prefix.length:
                yield Problem(
                    f"{network.member_place(name)}.routes[{index}]", f"{prefix} is every destination: {_way(member)}"
                )


def _way(member: Member) -> str:
    """Say what to declare in place of everything."""
    if member.external:
        return f"name what is behind {member.name}. Only a host of ours can be a gateway to the internet"
    return (
        f"to reach the internet through {member.name}, declare it under gateways, and give a client profile: full or a"
        f" member gateway: {member.name}"
    )


def _owned(network: Network) -> Iterator[tuple[Prefix, _Owned]]:
    """Give all prefixes, but for everything: it overlaps all others, which is no news of any of them."""
    for index, pool in enumerate(network.pools):
        yield pool, _Owned("", f"{network.place}.pool[{index}]")
    for name, member in network.members.items():
        for index, prefix in enumerate(member.routes):
            if prefix.length:
                yield prefix, _Owned(name, f"{network.member_place(name)}.routes[{index}]")


def _overlaps(network: Network) -> Iterator[Problem]:
    reported = set()  # once each: where all have the same prefix, the pairs are too many to read
    for one, two in nestings(_owned(network)):
        if one[1].member == two[1].member and one[1].member:
            continue
        # The pool is what the rest has to make room for.
        (other, kept), (prefix, guilty) = (one, two) if two[1].member or not one[1].member else (two, one)
        if guilty.place not in reported:
            reported.add(guilty.place)
            yield Problem(guilty.place, f"{prefix} overlaps {_whose(other, kept)}")


def _whose(prefix: Prefix, owner: _Owned) -> str:
    return f"{prefix} of {owner.member}" if owner.member else f"the pool {prefix}"


def _swallowed_endpoints(network: Network) -> Iterator[Problem]:
    """Find endpoints that a host, which dials them, would send into the very tunnel that they are to carry."""
    if not is_sound(network):
        return
    endpoints: dict[Prefix, list[str]] = {}
    for name, member in network.members.items():
        prefix = None if member.endpoint is None else numeric_host(member.endpoint.host)
        if prefix is not None:
            endpoints.setdefault(prefix, []).append(name)
    candidates = [(prefix, _Owned("", "")) for prefix in endpoints]
    reaches: dict[str, Reach] = {}
    for (outer, owner), (inner, none) in nestings([*_owned(network), *candidates]):
        if none.place or not owner.place:
            continue
        for name in endpoints[inner]:
            victim = _victim(network, name, owner.member, reaches)
            if victim:
                message = f"lies in {_whose(outer, owner)}, so that {victim} would send the tunnel into itself"
                yield Problem(network.member_place(name) + ".endpoint", message)


def _victim(network: Network, dialled: str, owner: str, reaches: dict[str, Reach]) -> str:
    """Give a host of ours that dials the one member and reaches the other one's prefix through the tunnel."""
    for host, member in network.members.items():
        if member.external:
            continue
        if host not in reaches:
            reaches[host] = reach(network, host)
        if dialled in reaches[host] and (not owner or any(owner in carried for carried in reaches[host].values())):
            return host
    return ""


def _shared_endpoints(declaration: Declaration) -> Iterator[Problem]:
    owners: dict[Endpoint, str] = {}
    for network in declaration.values():
        for name, member in network.members.items():
            if member.endpoint is None or not member.endpoint.host:
                continue
            place = network.member_place(name)
            first = owners.setdefault(member.endpoint, place)
            if first != place:
                yield Problem(place + ".endpoint", f"{member.endpoint} is the endpoint of {first} too")


def _shared_hosts(declaration: Declaration) -> Iterator[Problem]:
    """Find what clashes on a host that is in several networks."""
    interfaces: dict[tuple[str, str], str] = {}
    ports: dict[tuple[str, int], str] = {}
    for network in declaration.values():
        for name, member in network.members.items():
            if member.external:
                continue
            place = network.member_place(name)
            first = interfaces.setdefault((name, member.interface), network.name) if member.interface else network.name
            if first != network.name:
                yield Problem(place + ".interface", f"{member.interface} serves the network {first} on this host too")
            first = ports.setdefault((name, member.port), network.name)
            if first != network.name:
                yield Problem(place + ".port", f"{member.port} serves the network {first} on this host too")
    yield from _shared_prefixes(declaration)


def _shared_prefixes(declaration: Declaration) -> Iterator[Problem]:
    networks = list(declaration.values())
    for index, second in enumerate(networks):
        for first in networks[:index]:
            shared = [name for name, member in first.members.items() if name in second.members and not member.external]
            if shared:
                yield from _clashing_prefixes(first, second, shared)
                yield from _nested_pools(first, second, shared[0])


def _clashing_prefixes(first: Network, second: Network, shared: list[str]) -> Iterator[Problem]:
    """Find prefixes that a shared host would have to reach through both networks, or at itself and through one."""
    owners = {prefix: owner.member for prefix, owner in _owned(first)}
    for prefix, owner in _owned(second):
        if prefix not in owners:
            continue
        between = [name for name in shared if not owner.member == owners[prefix] == name]
        if between:
            message = f"{prefix} is in the network {first.name} too, and {between[0]} is in both"
            yield Problem(owner.place, message)


def _nested_pools(first: Network, second: Network, between: str) -> Iterator[Problem]:
    """Find pools of which one takes addresses out of the other. A site may have a narrower prefix: that decides."""
    for index, pool in enumerate(second.pools):
        for other in first.pools:
            if pool != other and pool.overlaps(other):
                message = f"{pool} overlaps the pool {other} of the network {first.name}, and {between} is in both"
                yield Problem(f"{second.place}.pool[{index}]", message)
