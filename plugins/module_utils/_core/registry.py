# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry: the public key, the addresses and the interface of every member there is or was.

Rules of this file: the registry holds no secret; nobody is ever moved to another address; a key that was pinned is
not replaced by one that was merely found; who has left keeps an entry, so that what was made can be removed and the
address is not given to another. `settle` is a pure function and settling twice changes nothing.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import (
    InterfaceAddress,
    parse_interface_address,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addressing import Allocator
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.declaration import (
    Declaration,
    Derive,
    Member,
    Network,
    declared_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.keys import PublicKey, decode_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.option_values import parse_interface_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.plain_data import Fields, boolean, text

ROOT = "wireguard_registry"
VERSION = 1
ENTRY_KEYS = frozenset(["public_key", "addresses", "interface", "former_interfaces", "departed"])


class Entry(NamedTuple):
    """What is pinned for one member of one network."""

    public_key: PublicKey | None = None  # None: not known yet
    addresses: tuple[InterfaceAddress, ...] = ()
    interface: str = ""  # empty for external members
    former_interfaces: tuple[str, ...] = ()  # names that the interface had before
    departed: bool = False


# By network, then by member.
Registry = Mapping[str, Mapping[str, Entry]]
Members = Dict[str, Entry]
FoundKeys = Mapping[str, Mapping[str, PublicKey]]  # by host, then by network


class Settled(NamedTuple):
    """The registry as it shall be, and what a person has to decide."""

    registry: Registry
    problems: tuple[Problem, ...]


def place_of(network: str, member: str) -> str:
    """Give the place of an entry, for problems."""
    return f"{ROOT}.networks.{network}.members.{member}"


def parse_registry(data: Any) -> Registry:
    """Read the registry's plain data; None is an empty one. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    top = Fields.of(data, ROOT, problems)
    top.refuse_unknown(frozenset(("version", "networks")))
    if top.get("version", VERSION) != VERSION:
        top.wrong("version", f"is not {VERSION}: this registry was written by another version")
    networks = top.mapping("networks")
    registry: dict[str, Members] = {}
    for name in networks:
        network = networks.mapping(name)
        network.refuse_unknown(frozenset(("members",)))
        members = network.mapping("members")
        registry[name] = {member: _entry(members.mapping(member)) for member in members}
    if problems:
        raise InvalidInput(problems)
    return registry


def _entry(fields: Fields) -> Entry:
    fields.refuse_unknown(ENTRY_KEYS)
    return Entry(
        public_key=fields.one("public_key", _public_key, None),
        addresses=tuple(fields.many("addresses", lambda value: parse_interface_address(text(value)))),
        interface=fields.one("interface", parse_interface_name, ""),
        former_interfaces=tuple(fields.many("former_interfaces", parse_interface_name)),
        departed=fields.one("departed", boolean, False),
    )


def parse_found_keys(data: Any) -> FoundKeys:
    """Read public keys by host and network; an empty one was not found. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    hosts = Fields.of(data, "public_keys", problems)
    found: dict[str, dict[str, PublicKey]] = {}
    for host in hosts:
        networks = hosts.mapping(host)
        keys = {name: networks.one(name, _public_key, None) for name, value in networks.items() if value}
        found[host] = {name: key for name, key in keys.items() if key is not None}
    if problems:
        raise InvalidInput(problems)
    return found


def _public_key(value: Any) -> PublicKey:
    return decode_key(text(value), PublicKey)


def render_registry(registry: Registry) -> dict[str, Any]:
    """Give the plain data of the registry. Empty values are left out."""
    networks = {
        network: {"members": {member: _rendered(entry) for member, entry in members.items()}}
        for network, members in registry.items()
    }
    return {"version": VERSION, "networks": networks}


def _rendered(entry: Entry) -> dict[str, Any]:
    content = {
        "public_key": str(entry.public_key or ""),
        "addresses": [str(address) for address in entry.addresses],
        "interface": entry.interface,
        "former_interfaces": list(entry.former_interfaces),
        "departed": entry.departed,
    }
    return {key: value for key, value in content.items() if value or key == "addresses"}


def settle(
    declaration: Declaration,
    registry: Registry,
    found_keys: FoundKeys | None = None,
    derive: Derive | None = None,
) -> Settled:
    """Bring the registry up to date with the declaration and with the keys that were found on hosts.

    Problems do not make the registry wrong: what they are about is left as it was.
    """
    problems: list[Problem] = []
    settled: dict[str, Members] = {}
    for network in declaration.values():
        pinned = registry.get(network.name, {})
        addresses = _settled_addresses(network, pinned, problems)
        members = {
            name: _settled_entry(member, pinned.get(name, Entry()), addresses[name], derive)
            for name, member in network.members.items()
        }
        _pin_found_keys(network, members, found_keys or {}, derive, problems)
        settled[network.name] = {**members, **_departed(pinned, members)}
    for name, pinned in registry.items():
        if name not in settled:
            settled[name] = _departed(pinned, {})
    return Settled(settled, tuple(problems))


def _departed(pinned: Mapping[str, Entry], members: Mapping[str, Entry]) -> Members:
    return {name: entry._replace(departed=True) for name, entry in pinned.items() if name not in members}


def _settled_addresses(
    network: Network, pinned: Mapping[str, Entry], problems: list[Problem]
) -> dict[str, tuple[InterfaceAddress, ...]]:
    staying = {name: _staying(network, network.members.get(name), entry) for name, entry in pinned.items()}
    owners = {address.packed: name for name, addresses in staying.items() for address in addresses}
    declared = [address for member in network.members.values() for address in member.addresses or ()]
    taken = [address for addresses in staying.values() for address in addresses]
    allocator = Allocator(network.pools, taken + declared)
    result = {}
    for name, member in network.members.items():
        wanted = member.addresses or ()
        clashes = [address for address in wanted if owners.get(address.packed, name) != name]
        problems.extend(_clash(network, name, address, owners[address.packed]) for address in clashes)
        if clashes or member.addresses == ():
            result[name] = pinned[name].addresses if clashes and name in pinned else ()
            continue
        result[name], exhausted = allocator.complete(wanted + staying.get(name, ()))
        for pool in exhausted:
            message = f"{pool} has no free address left for {name}"
            problems.append(Problem(network.place + ".pool", message))
    return result


def _staying(network: Network, member: Member | None, entry: Entry) -> tuple[InterfaceAddress, ...]:
    """Give the pinned addresses that stay: those whose pool still is and in whose pool no other was declared."""
    if member is None:
        return entry.addresses
    if member.addresses == ():
        return ()
    declared = member.addresses or ()
    pools = [pool for pool in network.pools if not any(pool.contains(address.host) for address in declared)]
    return tuple(
        address._replace(length=pool.length)
        for pool in pools
        for address in entry.addresses
        if pool.contains(address.host)
    )


def _clash(network: Network, name: str, address: InterfaceAddress, owner: str) -> Problem:
    message = f"{address.ip} is pinned for {owner}"
    if owner not in network.members:
        message += ", which has left; remove its entry from the registry to free the address"
    return Problem(network.member_place(name) + ".address", message)


def _settled_entry(
    member: Member, pinned: Entry, addresses: tuple[InterfaceAddress, ...], derive: Derive | None
) -> Entry:
    former = [name for name in (*pinned.former_interfaces, pinned.interface) if name and name != member.interface]
    return Entry(
        public_key=declared_key(member, derive) or pinned.public_key,
        addresses=addresses,
        interface=member.interface,
        former_interfaces=tuple(dict.fromkeys(former)),
    )


def _pin_found_keys(
    network: Network,
    members: Members,
    found_keys: FoundKeys,
    derive: Derive | None,
    problems: list[Problem],
) -> None:
    owners = {entry.public_key: name for name, entry in members.items() if entry.public_key is not None}
    for name, member in network.members.items():
        found = found_keys.get(name, {}).get(network.name)
        supplied = member.private_key is not None
        if found is None or member.external or (supplied and declared_key(member, derive) is not None):
            continue
        # What the user supplies may change at any time: then what is on the host now is what was supplied.
        pinned = None if supplied else members[name].public_key
        owner = owners.setdefault(found, name)
        place = place_of(network.name, name) + ".public_key"
        if pinned is not None and found != pinned:
            problems.append(Problem(place, _changed_key(name, network.name, found, pinned)))
        elif owner != name:
            message = f"{found} was found on {owner} too: two members cannot share a key. Make a new one on one of them"
            problems.append(Problem(place, message))
        else:
            members[name] = members[name]._replace(public_key=found)


def _changed_key(host: str, network: str, found: PublicKey, pinned: PublicKey) -> str:
    return (
        f"{host} has the key {found} in the network {network} now, but {pinned} is pinned for it. If the change is"
        " intended, remove the pinned key from the registry and run again; if not, find out who changed it"
    )
