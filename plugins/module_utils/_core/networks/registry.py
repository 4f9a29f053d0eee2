# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry: the public key, the addresses and the interface of every member there is or was, and of every client.

Rules of this file: the registry holds no secret; it reads what it writes; what is empty is not written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declared_values import parse_public_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    InterfaceAddress,
    parse_interface_address,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day, parse_day
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import parse_interface_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import Fields, boolean, text

ROOT = "wireguard_registry"
VERSION = 1
ENTRY_KEYS = frozenset(
    [
        "public_key",
        "addresses",
        "interface",
        "former_interfaces",
        "split_tunnel",
        "default_route",
        "departed",
        "provisional",
    ]
)
CLIENT_KEYS = frozenset(["public_key", "addresses", "servers", "reserved_until", "provisional"])


class Entry(NamedTuple):
    """What is pinned for one member of one network."""

    public_key: PublicKey | None = None  # None: not known yet
    addresses: tuple[InterfaceAddress, ...] = ()
    interface: str = ""  # empty for external members
    former_interfaces: tuple[str, ...] = ()  # names that the interface had before
    split_tunnel: bool = False  # there is or was one on it
    default_route: bool = False  # it goes or went through another member
    departed: bool = False
    provisional: bool = False  # of a check: the key will be another one, or comes to the device only in the run itself


class ClientEntry(NamedTuple):
    """What is pinned for one client of one network."""

    public_key: PublicKey | None = None  # None: not known yet
    addresses: tuple[InterfaceAddress, ...] = ()
    servers: tuple[str, ...] = ()  # members that let it in, or did when it was declared last
    reserved_until: Day | None = None  # the last day on which nobody else gets its addresses; None while it is declared
    provisional: bool = False  # of a check, as with members


@dataclass(frozen=True)
class Pinned:
    """What is pinned of one network, by name."""

    members: Mapping[str, Entry] = field(default_factory=dict)
    clients: Mapping[str, ClientEntry] = field(default_factory=dict)


Registry = Mapping[str, Pinned]  # by network
Members = Dict[str, Entry]
FoundKeys = Mapping[str, Mapping[str, PublicKey]]  # by host, then by network; or by network, then by client


def place_of(network: str, member: str) -> str:
    """Give the place of a member's entry, for problems."""
    return f"{ROOT}.networks.{network}.members.{member}"


def client_place_of(network: str, client: str) -> str:
    """Give the place of a client's entry, for problems."""
    return f"{ROOT}.networks.{network}.clients.{client}"


def parse_registry(data: Any) -> Registry:
    """Read the registry's plain data; None is an empty one. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    top = Fields.of(data, ROOT, problems)
    top.refuse_unknown(frozenset(("version", "networks")))
    if top.get("version", VERSION) != VERSION:
        top.wrong("version", f"is not {VERSION}: this registry was written by another version")
    networks = top.mapping("networks")
    registry: dict[str, Pinned] = {}
    for name in networks:
        network = networks.mapping(name)
        network.refuse_unknown(frozenset(("members", "clients")))
        members, clients = network.mapping("members"), network.mapping("clients")
        registry[name] = Pinned(
            {member: _entry(members.mapping(member)) for member in members},
            {client: _client_entry(clients.mapping(client)) for client in clients},
        )
    if problems:
        raise InvalidInput(problems)
    return registry


def _entry(fields: Fields) -> Entry:
    fields.refuse_unknown(ENTRY_KEYS)
    return Entry(
        public_key=fields.one("public_key", parse_public_key, None),
        addresses=tuple(fields.many("addresses", lambda value: parse_interface_address(text(value)))),
        interface=fields.one("interface", parse_interface_name, ""),
        former_interfaces=tuple(fields.many("former_interfaces", parse_interface_name)),
        split_tunnel=fields.one("split_tunnel", boolean, False),
        default_route=fields.one("default_route", boolean, False),
        departed=fields.one("departed", boolean, False),
        provisional=fields.one("provisional", boolean, False),
    )


def _client_entry(fields: Fields) -> ClientEntry:
    fields.refuse_unknown(CLIENT_KEYS)
    return ClientEntry(
        public_key=fields.one("public_key", parse_public_key, None),
        addresses=tuple(fields.many("addresses", lambda value: parse_interface_address(text(value)))),
        servers=tuple(fields.many("servers", text)),
        reserved_until=fields.one("reserved_until", parse_day, None),
        provisional=fields.one("provisional", boolean, False),
    )


def parse_found_keys(data: Any, place: str = "public_keys") -> FoundKeys:
    """Read public keys in two levels; an empty one was not found. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    outer = Fields.of(data, place, problems)
    found: dict[str, dict[str, PublicKey]] = {}
    for one in outer:
        inner = outer.mapping(one)
        keys = {two: inner.one(two, parse_public_key, None) for two, value in inner.items() if value}
        found[one] = {two: key for two, key in keys.items() if key is not None}
    if problems:
        raise InvalidInput(problems)
    return found


def parse_released(data: Any) -> Mapping[str, tuple[str, ...]]:
    """Read names of networks by host. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    hosts = Fields.of(data, "released", problems)
    released = {host: tuple(hosts.many(host, text)) for host in hosts}
    if problems:
        raise InvalidInput(problems)
    return released


def render_registry(registry: Registry) -> dict[str, Any]:
    """Give the plain data of the registry. Empty values are left out."""
    return {"version": VERSION, "networks": {network: _rendered_network(each) for network, each in registry.items()}}


def _rendered_network(pinned: Pinned) -> dict[str, Any]:
    content: dict[str, Any] = {"members": {name: _rendered(entry) for name, entry in pinned.members.items()}}
    if pinned.clients:
        content["clients"] = {name: _rendered_client(entry) for name, entry in pinned.clients.items()}
    return content


def _rendered(entry: Entry) -> dict[str, Any]:
    content = {
        "public_key": str(entry.public_key or ""),
        "addresses": [str(address) for address in entry.addresses],
        "interface": entry.interface,
        "former_interfaces": list(entry.former_interfaces),
        "split_tunnel": entry.split_tunnel,
        "default_route": entry.default_route,
        "departed": entry.departed,
        "provisional": entry.provisional,
    }
    return {key: value for key, value in content.items() if value or key == "addresses"}


def _rendered_client(entry: ClientEntry) -> dict[str, Any]:
    content = {
        "public_key": str(entry.public_key or ""),
        "addresses": [str(address) for address in entry.addresses],
        "servers": list(entry.servers),
        "reserved_until": str(entry.reserved_until or ""),
        "provisional": entry.provisional,
    }
    return {key: value for key, value in content.items() if value or key == "addresses"}
