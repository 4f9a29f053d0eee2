# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the declaration and the registry to what shall be on one host.

Rules of this file: the result depends on the declaration, the registry, the date, the fleet's secret and the host's
name, on nothing else, so that it is the same whichever hosts are in a run. All that a network governs is explicit: an
option that is taken out of the declaration becomes an explicit "none". Secrets are types.
"""

from __future__ import annotations

from typing import Iterable, Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DesiredInterface,
    DesiredPeer,
    Partial,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Route
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import allowed_ips_of_client
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    PER_PAIR,
    Client,
    Declaration,
    Member,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.default_prefixes import (
    default_families,
    default_prefixes,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_openings import Openings, openings
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import (
    derive_preshared_key,
    secret_problems,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.reachability import (
    BEFORE_ALL,
    Reached,
    active_clients,
    reached_by,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    Pinned,
    Registry,
    client_place_of,
    place_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import InterfaceAddress, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, PublicKey


class Handout(NamedTuple):
    """What a server tells of one client to whoever asks it for the client's configuration."""

    client: Client
    endpoint_host: str
    addresses: tuple[InterfaceAddress, ...]
    allowed_ips: frozenset[Prefix]


class HostNetwork(NamedTuple):
    """One network as one host shall have it."""

    network: str
    desired: DesiredInterface
    pinned_key: PublicKey | None = None
    needs_key: bool = False  # a key is to be made, or one that the user supplied is to be brought to the host
    openings: Openings = Openings()
    member: Member | None = None  # None: the interface is to go
    default_families: tuple[str, ...] = ()  # those that go through a gateway
    had_split_tunnel: bool = False  # there is or was a split tunnel
    had_default_route: bool = False  # it goes or went through a gateway
    is_renamed: bool = False  # this interface bears the former name, or another one still does
    handouts: tuple[Handout, ...] = ()
    missing: tuple[str, ...] = ()  # peers that are left out, because their key is not known yet
    expired: tuple[str, ...] = ()  # clients of this host that are left out, because their last day is over


class _Context(NamedTuple):
    """What the plan of one network on one host depends on."""

    network: Network
    pinned: Pinned
    host: str
    today: Day
    secret: str | None


def host_networks(
    declaration: Declaration, registry: Registry, host: str, today: Day = BEFORE_ALL, secret: str | None = None
) -> list[HostNetwork]:
    """Give what a host shall have: first what shall go, since it may hold a port or an address, then what shall be.

    `secret` is that of which preshared keys are derived; None leaves them as they are. Raises InvalidInput where
    someone has not been settled in the registry, or where a secret is needed and none is there.
    """
    mine = [network for network in declaration.values() if _is_managed(network.members.get(host))]
    problems = [
        problem for network in mine for problem in (*_unsettled(network, registry), *secret_problems(network, secret))
    ]
    if problems:
        raise InvalidInput(problems)
    present = [_present(_Context(network, registry[network.name], host, today, secret)) for network in mine]
    return _leftovers(registry, host, {item.desired.name for item in present}) + present


def withdrawn(item: HostNetwork) -> HostNetwork:
    """Give the same network as a host has it that shall have none of it."""
    gone = DesiredInterface(item.desired.name, present=False)
    is_former = item.is_renamed and not item.desired.present
    return HostNetwork(
        item.network, gone, item.pinned_key, had_split_tunnel=item.had_split_tunnel, is_renamed=is_former
    )


def _is_managed(member: Member | None) -> bool:
    return member is not None and not member.external


def _unsettled(network: Network, registry: Registry) -> Iterator[Problem]:
    pinned = registry.get(network.name, Pinned())
    message = "is missing: bring the registry up to date with the declaration first"
    for name in network.members:
        if name not in pinned.members or pinned.members[name].departed:
            yield Problem(place_of(network.name, name), message)
    for name in network.clients:
        if name not in pinned.clients:
            yield Problem(client_place_of(network.name, name), message)


def _leftovers(registry: Registry, host: str, used: set[str]) -> list[HostNetwork]:
    result = []
    for network, pinned in registry.items():
        entry = pinned.members.get(host)
        if entry is None:
            continue
        for name in (*entry.former_interfaces, *([entry.interface] if entry.departed else [])):
            if name and name not in used:
                gone = DesiredInterface(name, present=False)
                result.append(
                    HostNetwork(
                        network,
                        gone,
                        entry.public_key,
                        had_split_tunnel=entry.split_tunnel,
                        is_renamed=name in entry.former_interfaces,
                    )
                )
                used = used | {name}
    return result


def _present(context: _Context) -> HostNetwork:
    network, pinned, host = context.network, context.pinned, context.host
    member, entry = network.members[host], pinned.members[host]
    reached = reached_by(network, pinned, host, context.today)
    unknown = tuple(name for name in reached.members if pinned.members[name].public_key is None)
    desired = DesiredInterface(
        name=member.interface,
        listen_port=member.port,
        up=True,
        mtu=member.mtu,
        addresses=frozenset(entry.addresses),
        routes=frozenset(Route(prefix) for prefix in reached.prefixes if not _is_connected(prefix, entry.addresses)),
        peers=(
            *_member_peers(context, reached),
            *_client_peers(context, reached),
            *(_shut_out(context) if unknown else ()),
        ),
        # A member whose key nobody knows may be among those that would be purged. A client whose key nobody knows never
        # had one. Who is out is not to stay because of either: where not all others go, these are named.
        purge_peers=not unknown,
        persist=network.persist,
    )
    return HostNetwork(
        network=network.name,
        desired=desired,
        # A key of a check is nothing to hold the device to.
        pinned_key=None if entry.provisional else entry.public_key,
        needs_key=entry.public_key is None or member.private_key is not None,
        openings=openings(network, host, reached),
        member=member,
        default_families=default_families(network, member),
        had_split_tunnel=entry.split_tunnel,
        had_default_route=entry.default_route,
        is_renamed=bool(entry.former_interfaces),
        handouts=tuple(_handouts(context, reached)),
        missing=(*unknown, *(name for name in reached.clients if pinned.clients[name].public_key is None)),
        expired=tuple(
            name for name, client in network.clients.items() if host in client.via and client.expired(context.today)
        ),
    )


def _is_connected(prefix: Prefix, addresses: Iterable[InterfaceAddress]) -> bool:
    return any(address.prefix.contains(prefix) for address in addresses)


def _member_peers(context: _Context, reached: Reached) -> Iterator[DesiredPeer]:
    network, member = context.network, context.network.members[context.host]
    gateway = "" if member.gateway is None else member.gateway.via
    for name, prefixes in reached.members.items():
        key = context.pinned.members[name].public_key
        if key is None:
            continue
        far = network.members[name]
        yield DesiredPeer(
            public_key=key,
            # With an outsider, the preshared key is made out with whoever configures it.
            preshared_key=UNSET if far.external else _preshared_key(context, name),
            endpoint=far.endpoint,
            allowed_ips=prefixes.union(default_prefixes(network, member)) if name == gateway else prefixes,
            persistent_keepalive=0 if member.dialable else member.keepalive,
            name=name,
        )


def _client_peers(context: _Context, reached: Reached) -> Iterator[DesiredPeer]:
    for name, prefixes in reached.clients.items():
        key = context.pinned.clients[name].public_key
        if key is not None:
            yield DesiredPeer(
                public_key=key,
                preshared_key=_preshared_key(context, name),
                endpoint=None,
                allowed_ips=prefixes,
                persistent_keepalive=0,
                name=name,
            )


def _shut_out(context: _Context) -> Iterator[DesiredPeer]:
    """Give those who must not be let in any more, as peers that shall not be."""
    members, clients = context.pinned.members, context.pinned.clients
    active = active_clients(context.network, context.today)
    gone = {
        # Without a date, a client that left has no reservation either.
        **{entry.public_key: name for name, entry in clients.items() if name not in active},
        **{entry.public_key: name for name, entry in members.items() if name not in context.network.members},
    }
    # Who has got another name here may have kept the key.
    kept = {members[name].public_key for name in context.network.members} | {
        clients[name].public_key for name in active
    }
    for key, name in gone.items():
        if key is not None and key not in kept:
            yield DesiredPeer(key, present=False, name=name)


def _preshared_key(context: _Context, other: str) -> Partial[PresharedKey | None]:
    network = context.network
    if network.psk != PER_PAIR:
        return None
    if context.secret is None:
        return UNSET
    return derive_preshared_key(context.secret, network.name, (context.host, other), network.psk_epoch)


def _handouts(context: _Context, reached: Reached) -> Iterator[Handout]:
    network, endpoint = context.network, context.network.members[context.host].endpoint
    for name in reached.clients:
        client, entry = network.clients[name], context.pinned.clients[name]
        allowed = allowed_ips_of_client(network, context.pinned, client)[context.host]
        host = "" if endpoint is None else endpoint.host
        yield Handout(client, host, entry.addresses, allowed)
