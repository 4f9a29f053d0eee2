# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry, brought up to date with the declaration, with the keys that were found and with the calendar.

Rules of this file: nobody is ever moved to another address; a key that was pinned is not replaced by one that was
merely found; a member that left keeps an entry, so that what was made can be removed and the address is not given to
another; a client that left keeps its address for a stated time. `settle` is a pure function and settling twice changes
nothing.
"""

from __future__ import annotations

from typing import Collection, Dict, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.address_claims import (
    CLIENTS,
    MEMBERS,
    Addresses,
    settled_addresses,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    DEFAULT_RESERVATION,
    Client,
    Declaration,
    Derive,
    Member,
    Network,
    declared_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    ClientEntry,
    Entry,
    FoundKeys,
    Members,
    Pinned,
    Registry,
    client_place_of,
    place_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day, later
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

Clients = Dict[str, ClientEntry]


class Settled(NamedTuple):
    """The registry as it shall be, and what a person has to decide."""

    registry: Registry
    problems: tuple[Problem, ...]


class _Found(NamedTuple):
    on_hosts: FoundKeys  # by host and network
    of_clients: FoundKeys  # by network and client


def settle(
    declaration: Declaration,
    registry: Registry,
    found_keys: FoundKeys | None = None,
    derive: Derive | None = None,
    client_keys: FoundKeys | None = None,
    today: Day | None = None,
) -> Settled:
    """Bring the registry up to date with the declaration and with the keys that were found.

    `found_keys` are those on hosts, by host and network; `client_keys` those of clients, by network and client.
    Problems do not make the registry wrong: what they are about is left as it was. Without a date no reservation begins
    or ends.
    """
    found = _Found(found_keys or {}, client_keys or {})
    problems: list[Problem] = []
    settled: dict[str, Pinned] = {}
    for name in [*declaration, *(name for name in registry if name not in declaration)]:
        network = declaration.get(name)
        days = DEFAULT_RESERVATION if network is None else network.client_reservation
        pinned = _without_the_forgotten(registry.get(name, Pinned()), network, today)
        if network is None:
            settled[name] = Pinned(_departed(pinned.members, {}), _reserved(pinned.clients, {}, days, today))
            continue
        addresses = settled_addresses(network, pinned, problems)
        members: Members = {
            member: _settled_entry(each, pinned.members.get(member, Entry()), addresses[MEMBERS, member], derive)
            for member, each in network.members.items()
        }
        clients: Clients = {
            client: ClientEntry(
                declared_key(each, derive) or _still_valid_key(pinned.clients.get(client, ClientEntry())),
                addresses[CLIENTS, client],
                tuple(each.via),
            )
            for client, each in network.clients.items()
        }
        _pin_found_keys(network, members, clients, found, derive, problems)
        settled[name] = Pinned(
            {**members, **_departed(pinned.members, members)},
            {**clients, **_reserved(pinned.clients, clients, days, today)},
        )
    return Settled(settled, tuple(problems))


def unpinned(registry: Registry, released: Mapping[str, tuple[str, ...]]) -> Registry:
    """Give the registry without the keys of the networks that each host has let go of, and its key with them."""
    return {
        name: Pinned(
            {
                host: entry._replace(public_key=None) if name in released.get(host, ()) else entry
                for host, entry in pinned.members.items()
            },
            pinned.clients,
        )
        for name, pinned in registry.items()
    }


def cleared(registry: Registry, hosts: Collection[str]) -> Registry:
    """Give the registry without the interfaces that a run has taken off these hosts.

    These are all of a member that has departed, and those that have got another name.
    """
    return {
        name: Pinned(
            {
                host: entry._replace(interface="" if entry.departed else entry.interface, former_interfaces=())
                if host in hosts
                else entry
                for host, entry in pinned.members.items()
            },
            pinned.clients,
        )
        for name, pinned in registry.items()
    }


def provisional(registry: Registry, written: Registry) -> Registry:
    """Mark the keys that are not written yet, as those in a check: nobody can be held to them."""
    return {name: _provisional(pinned, written.get(name, Pinned())) for name, pinned in registry.items()}


def _provisional(pinned: Pinned, written: Pinned) -> Pinned:
    members, clients = written.members, written.clients
    return Pinned(
        {
            name: entry._replace(provisional=entry.public_key != members.get(name, Entry()).public_key)
            for name, entry in pinned.members.items()
        },
        {
            name: entry._replace(provisional=entry.public_key != clients.get(name, ClientEntry()).public_key)
            for name, entry in pinned.clients.items()
        },
    )


def _still_valid_key(entry: ClientEntry) -> PublicKey | None:
    # Leaving the declaration revokes a key: who comes back gets the same addresses and a new key.
    return entry.public_key if entry.reserved_until is None else None


def _departed(pinned: Mapping[str, Entry], members: Mapping[str, Entry]) -> Members:
    return {name: entry._replace(departed=True) for name, entry in pinned.items() if name not in members}


def _reserved(
    pinned: Mapping[str, ClientEntry], clients: Mapping[str, ClientEntry], days: int, today: Day | None
) -> Clients:
    end = None if today is None else later(today, days)
    return {
        name: entry._replace(reserved_until=entry.reserved_until or end)
        for name, entry in pinned.items()
        if name not in clients
    }


def _without_the_forgotten(pinned: Pinned, network: Network | None, today: Day | None) -> Pinned:
    """Leave out the clients whose reservation is over: what they had is free."""
    declared = {} if network is None else network.clients
    clients = {
        name: entry
        for name, entry in pinned.clients.items()
        if name in declared or today is None or entry.reserved_until is None or today <= entry.reserved_until
    }
    return Pinned(pinned.members, clients)


def _settled_entry(member: Member, pinned: Entry, addresses: Addresses, derive: Derive | None) -> Entry:
    former = [name for name in (*pinned.former_interfaces, pinned.interface) if name and name != member.interface]
    return Entry(
        public_key=declared_key(member, derive) or pinned.public_key,
        addresses=addresses,
        interface=member.interface,
        former_interfaces=tuple(dict.fromkeys(former)),
        split_tunnel=pinned.split_tunnel or member.split is not None or bool(member.dns),
        default_route=pinned.default_route or member.gateway is not None,
    )


class _Discovery(NamedTuple):
    """A key that was found for someone, and the one that is pinned."""

    name: str
    place: str
    found: PublicKey
    pinned: PublicKey | None


def _pin_found_keys(
    network: Network, members: Members, clients: Clients, found: _Found, derive: Derive | None, problems: list[Problem]
) -> None:
    owners = {entry.public_key: name for name, entry in clients.items() if entry.public_key is not None}
    owners.update({entry.public_key: name for name, entry in members.items() if entry.public_key is not None})
    for name, member in network.members.items():
        key = found.on_hosts.get(name, {}).get(network.name)
        if key is not None and not member.external and _is_open(member, derive):
            pinned = _comparable(member, members[name].public_key)
            discovery = _Discovery(name, place_of(network.name, name) + ".public_key", key, pinned)
            if _is_sound(network, discovery, owners, problems):
                members[name] = members[name]._replace(public_key=key)
    for name, key in found.of_clients.get(network.name, {}).items():
        client = network.clients.get(name)
        if client is not None and client.public_key is None and _is_open(client, derive):
            pinned = _comparable(client, clients[name].public_key)
            discovery = _Discovery(name, client_place_of(network.name, name) + ".public_key", key, pinned)
            if _is_sound(network, discovery, owners, problems):
                clients[name] = clients[name]._replace(public_key=key)


def _is_open(owner: Member | Client, derive: Derive | None) -> bool:
    """Tell whether a found key says more than the declaration."""
    return owner.private_key is None or declared_key(owner, derive) is None


def _comparable(owner: Member | Client, pinned: PublicKey | None) -> PublicKey | None:
    # What the user supplies may change at any time: then what is on the host now is what was supplied.
    return None if owner.private_key is not None else pinned


def _is_sound(network: Network, each: _Discovery, owners: dict[PublicKey, str], problems: list[Problem]) -> bool:
    owner = owners.setdefault(each.found, each.name)
    if each.pinned is not None and each.found != each.pinned:
        problems.append(Problem(each.place, _changed_key(each.name, network.name, each.found, each.pinned)))
        return False
    if owner != each.name:
        message = f"{each.found} was found on {owner} too: two cannot share a key. Make a new one on one of them"
        problems.append(Problem(each.place, message))
        return False
    return True


def _changed_key(name: str, network: str, found: PublicKey, pinned: PublicKey) -> str:
    return (
        f"{name} has the key {found} in the network {network} now, but {pinned} is pinned for it. If the change is"
        " intended, remove the pinned key from the registry and run again; if not, find out who changed it"
    )
