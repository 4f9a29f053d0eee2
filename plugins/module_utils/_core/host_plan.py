# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the declaration and the registry to what shall be on one host.

Rules of this file: the result depends on the declaration, the registry and the host's name, on nothing else, so that
it is the same whichever hosts are in a run. All that a network governs is explicit: an option that is taken out of
the declaration becomes an explicit "none". No result holds a secret.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import InterfaceAddress, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.declaration import Declaration, Member, Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.desired import (
    DesiredInterface,
    DesiredPeer,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.keys import PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.model import DEFAULT_MTU, Route
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.prefix_set import sort_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.registry import Entry, Registry, place_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.topology import carries_others, reach


class HostNetwork(NamedTuple):
    """One network as one host shall have it."""

    network: str
    desired: DesiredInterface
    pinned_key: PublicKey | None = None
    needs_key: bool = False  # a key is to be made, or one that the user supplied is to be brought to the host
    forwarding: tuple[int, ...] = ()  # IP versions that the host has to forward
    listen_ports: tuple[int, ...] = ()  # UDP ports at which others dial the host
    forward_pairs: tuple[tuple[Prefix, Prefix], ...] = ()  # what is behind the host, and what it reaches from there
    missing: tuple[str, ...] = ()  # peers that are left out, because their key is not known yet


def host_networks(declaration: Declaration, registry: Registry, host: str) -> list[HostNetwork]:
    """Give what a host shall have: first what shall go, since it may hold a port or an address, then what shall be.

    Raises InvalidInput where a member that matters to this host has not been settled in the registry.
    """
    mine = [network for network in declaration.values() if _is_managed(network.members.get(host))]
    problems = [problem for network in mine for problem in _unsettled(network, registry)]
    if problems:
        raise InvalidInput(problems)
    present = [_present(network, registry[network.name], host) for network in mine]
    return _leftovers(registry, host, {item.desired.name for item in present}) + present


def withdrawn(item: HostNetwork) -> HostNetwork:
    """Give the same network as a host has it that shall have none of it."""
    return HostNetwork(item.network, DesiredInterface(item.desired.name, present=False), item.pinned_key)


def _is_managed(member: Member | None) -> bool:
    return member is not None and not member.external


def _unsettled(network: Network, registry: Registry) -> list[Problem]:
    entries = registry.get(network.name, {})
    missing = [name for name in network.members if name not in entries or entries[name].departed]
    message = "is missing: bring the registry up to date with the declaration first"
    return [Problem(place_of(network.name, name), message) for name in missing]


def _leftovers(registry: Registry, host: str, used: set[str]) -> list[HostNetwork]:
    result = []
    for network, entries in registry.items():
        entry = entries.get(host)
        if entry is None:
            continue
        for name in (*entry.former_interfaces, *([entry.interface] if entry.departed else [])):
            if name and name not in used:
                result.append(HostNetwork(network, DesiredInterface(name, present=False), entry.public_key))
                used = used | {name}
    return result


def _present(network: Network, entries: Mapping[str, Entry], host: str) -> HostNetwork:
    member = network.members[host]
    reached = reach(network, host)
    reachable = {name: _reachable(network, entries, carried) for name, carried in reached.items()}
    missing = tuple(name for name in reached if entries[name].public_key is None)
    allowed = {prefix for prefixes in reachable.values() for prefix in prefixes}
    addresses = entries[host].addresses
    desired = DesiredInterface(
        name=member.interface,
        listen_port=member.port,
        up=True,
        mtu=member.mtu,
        addresses=frozenset(addresses),
        routes=frozenset(Route(prefix) for prefix in allowed if not _is_connected(prefix, addresses)),
        peers=tuple(_peers(network, entries, member, reachable)),
        # A peer whose key nobody knows may be among those that would be purged.
        purge_peers=not missing,
        persist=network.persist,
    )
    forwarded = allowed | {*member.routes} if carries_others(network, host) else frozenset(member.routes)
    return HostNetwork(
        network=network.name,
        desired=desired,
        pinned_key=entries[host].public_key,
        needs_key=entries[host].public_key is None or member.private_key is not None,
        forwarding=tuple(sorted({prefix.version for prefix in forwarded})),
        listen_ports=(member.port,) if member.dialable else (),
        forward_pairs=_forward_pairs(forwarded, allowed),
        missing=missing,
    )


def _is_connected(prefix: Prefix, addresses: Iterable[InterfaceAddress]) -> bool:
    return any(address.prefix.contains(prefix) for address in addresses)


def _forward_pairs(local: Iterable[Prefix], remote: Iterable[Prefix]) -> tuple[tuple[Prefix, Prefix], ...]:
    far = sorted(remote, key=sort_key)
    return tuple(
        (near, prefix)
        for near in sorted(local, key=sort_key)
        for prefix in far
        if prefix.version == near.version and prefix != near
    )


def _reachable(network: Network, entries: Mapping[str, Entry], carried: Iterable[str]) -> frozenset[Prefix]:
    return frozenset(prefix for name in carried for prefix in announced(network, entries, name))


def _peers(
    network: Network, entries: Mapping[str, Entry], member: Member, reachable: Mapping[str, frozenset[Prefix]]
) -> Iterator[DesiredPeer]:
    for name, prefixes in reachable.items():
        key = entries[name].public_key
        if key is not None:
            yield DesiredPeer(
                public_key=key,
                endpoint=network.members[name].endpoint,
                allowed_ips=prefixes,
                persistent_keepalive=0 if member.dialable else member.keepalive,
                name=name,
            )


def announced(network: Network, entries: Mapping[str, Entry], name: str) -> list[Prefix]:
    """Give the prefixes that are reached at a member: its tunnel addresses and what is behind it."""
    return [address.host for address in entries[name].addresses] + list(network.members[name].routes)


def render_host_network(item: HostNetwork, key_directory: str = "") -> dict[str, Any]:
    """Give the plain form; `interface` has the options of the module linux_interface.

    With a directory, the host's private key for each network is in a file of it.
    """
    interface = _rendered_interface(item)
    if key_directory and item.desired.present:
        interface["private_key_file"] = f"{key_directory}/{item.network}.key"
    return {
        "network": item.network,
        "present": item.desired.present,
        "needs_key": item.needs_key,
        "interface": interface,
        "forwarding": [f"ipv{version}" for version in item.forwarding],
        "listen_ports": list(item.listen_ports),
        "forward_pairs": [
            {"local": str(local), "remote": str(remote), "interface": item.desired.name}
            for local, remote in item.forward_pairs
        ],
        "missing": list(item.missing),
    }


def _rendered_interface(item: HostNetwork) -> dict[str, Any]:
    desired = item.desired
    options: dict[str, Any] = {"name": desired.name, "state": "present" if desired.present else "absent"}
    if item.pinned_key is not None:
        options["expected_public_key"] = str(item.pinned_key)
    if not desired.present:
        return options
    addresses = sorted(given(desired.addresses, frozenset()), key=sort_key)
    routes = sorted((route.destination for route in given(desired.routes, frozenset())), key=sort_key)
    options.update(
        listen_port=given(desired.listen_port, 0),
        enabled=given(desired.up, True),
        mtu=given(desired.mtu, DEFAULT_MTU),
        addresses=[str(address) for address in addresses],
        routes=[str(prefix) for prefix in routes],
        peers=[_rendered_peer(peer) for peer in desired.peers],
        purge_peers=desired.purge_peers,
        persist=given(desired.persist, ""),
    )
    return options


def _rendered_peer(peer: DesiredPeer) -> dict[str, Any]:
    endpoint = given(peer.endpoint, None)
    options: dict[str, Any] = {
        "name": given(peer.name, ""),
        "public_key": str(peer.public_key),
        "allowed_ips": [str(prefix) for prefix in sorted(given(peer.allowed_ips, frozenset()), key=sort_key)],
        "endpoint_host": "" if endpoint is None else endpoint.host,
        "persistent_keepalive": given(peer.persistent_keepalive, 0),
    }
    if endpoint is not None:
        options["endpoint_port"] = endpoint.port
    return options
