# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From `wireguard_networks`, as plain data, to the declaration.

Rules of this file: an unknown key is a problem; a key that is missing or null has its default; every problem of form
is found in one pass and has its place; what can be understood is returned beside the problems, so that the checks
across members have something to look at. No problem repeats a secret.
"""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import PERSIST_KINDS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import DEFAULT_MTU
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_reader import (
    ClientDefaults,
    read_client,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    DEFAULT_EPOCH,
    DEFAULT_KEEPALIVE,
    DEFAULT_PERSIST,
    DEFAULT_PORT,
    DEFAULT_RESERVATION,
    HUB_SPOKE,
    LINKS,
    MESH,
    NO_PSK,
    PSK_KINDS,
    ROOT,
    TOPOLOGIES,
    Client,
    Declaration,
    Gateway,
    Member,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declared_values import (
    endpoint,
    parse_mtu,
    parse_network,
    parse_own_private_key,
    parse_pool,
    parse_port,
    parse_public_key,
    tunnel_address,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.gateway_reader import (
    read_gateway,
    read_gateway_use,
    read_name_servers,
    read_split,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import GREATEST_EPOCH
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import topology_problems
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    parse_interface_name,
    parse_keepalive,
    whole_number,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import (
    ALL_FIREWALLS,
    FIREWALLS,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import (
    Fields,
    boolean,
    choice,
    text,
)

NETWORK_KEYS = frozenset(
    {
        "interface",
        "pool",
        "port",
        "topology",
        "links",
        "hub",
        "relay",
        "keepalive",
        "mtu",
        "persist",
        "members",
        "psk",
        "psk_epoch",
        "client_reservation",
        "gateways",
        "clients",
    }
)
MEMBER_KEYS = frozenset(
    {
        "endpoint",
        "routes",
        "address",
        "port",
        "mtu",
        "interface",
        "keepalive",
        "nat",
        "external",
        "public_key",
        "private_key",
        "gateway",
        "split",
        "dns",
        "host_access",
        "firewall",
    }
)
# What would configure a device that we do not configure.
NOT_FOR_OUTSIDERS = ("private_key", "interface", "mtu", "gateway", "split", "dns", "host_access", "firewall")

# Names end up in file names and comments of configuration files.
_NETWORK_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_MEMBER_NAME = re.compile(r"\S{1,255}")

# Stands for an endpoint that is a problem already, so that its member does not count as one behind NAT too.
_UNKNOWN = Endpoint("", 0)

_reservation = whole_number(0, 36525)  # days, a hundred years


class _Shared(NamedTuple):
    """What members have in common when they say nothing else."""

    interface: str
    port: int
    keepalive: int
    mtu: int
    pools: tuple[Prefix, ...]


def read_declaration(data: Any) -> tuple[Declaration, list[Problem]]:
    """Read the networks and all problems of form. What is wrong has its default in the result."""
    problems: list[Problem] = []
    networks: dict[str, Network] = {}
    for name, content in Fields.of(data, ROOT, problems).items():
        fields = Fields.of(content, f"{ROOT}.{name}", problems)
        if not _NETWORK_NAME.fullmatch(name):
            fields.wrong_here("is no name of a network: letters, digits and _ . - only, 63 at most")
        networks[name] = _network(name, fields)
        problems.extend(topology_problems(networks[name]))
    return networks, problems


def parse_declaration(data: Any) -> Declaration:
    """Read the networks. Raises InvalidInput with all problems of form."""
    declaration, problems = read_declaration(data)
    if problems:
        raise InvalidInput(problems)
    return declaration


def _network(name: str, fields: Fields) -> Network:
    fields.refuse_unknown(NETWORK_KEYS)
    members = fields.mapping("members")
    if not fields.get("members"):
        fields.wrong("members", "is missing: a network has at least one member")
    pools = tuple(fields.many("pool", parse_pool))
    if not fields.given("pool"):
        fields.wrong("pool", "is missing: the prefixes from which tunnel addresses are given out")
    shared = _Shared(
        interface=_default_interface(name, fields, members),
        port=fields.one("port", parse_port, DEFAULT_PORT),
        keepalive=fields.one("keepalive", parse_keepalive, DEFAULT_KEEPALIVE),
        mtu=fields.one("mtu", parse_mtu, DEFAULT_MTU),
        pools=pools,
    )
    topology = fields.one("topology", choice(*TOPOLOGIES), MESH)
    fields.refuse_or_require("links", topology == LINKS, "topology: links")
    fields.refuse_or_require("hub", topology == HUB_SPOKE, "topology: hub_spoke")
    if topology == HUB_SPOKE and fields.given("relay"):
        fields.wrong("relay", "is not for topology: hub_spoke, where the hub relays")
    return Network(
        name=name,
        pools=pools,
        members={member: _member(member, members.mapping(member), shared) for member in members},
        topology=topology,
        links=tuple(fields.many("links", _link)),
        hub=fields.one("hub", text, ""),
        relay=fields.one("relay", text, ""),
        persist=fields.one("persist", choice(*PERSIST_KINDS), DEFAULT_PERSIST),
        psk=fields.one("psk", choice(*PSK_KINDS), NO_PSK),
        psk_epoch=fields.one("psk_epoch", whole_number(1, GREATEST_EPOCH), DEFAULT_EPOCH),
        client_reservation=fields.one("client_reservation", _reservation, DEFAULT_RESERVATION),
        gateways=_gateways(fields),
        clients=_clients(fields, shared),
    )


def _gateways(fields: Fields) -> dict[str, Gateway]:
    gateways = fields.mapping("gateways")
    return {name: read_gateway(name, gateways.mapping(name)) for name in gateways}


def _clients(fields: Fields, shared: _Shared) -> dict[str, Client]:
    clients = fields.mapping("clients")
    defaults = ClientDefaults(shared.pools, shared.keepalive, shared.mtu if fields.given("mtu") else None)
    return {name: read_client(name, clients.mapping(name), defaults) for name in clients}


def _default_interface(name: str, fields: Fields, members: Fields) -> str:
    if fields.given("interface"):
        return fields.one("interface", parse_interface_name, "")
    try:
        return parse_interface_name(name)
    except InvalidValue as error:
        if any(not isinstance(member, Mapping) or not member.get("interface") for member in members.values()):
            fields.wrong("interface", f"is missing, and the network's name cannot serve: it {error}")
        return ""


def _member(name: str, fields: Fields, shared: _Shared) -> Member:
    fields.refuse_unknown(MEMBER_KEYS)
    if not _MEMBER_NAME.fullmatch(name) or not name.isprintable():
        fields.wrong_here("is no name of a member: printable characters without white space, 255 at most")
    port = fields.one("port", parse_port, shared.port)
    external = fields.one("external", boolean, False)
    nat = fields.one("nat", boolean, False)
    _check_dialling(fields, nat)
    if external:
        _check_outsider(fields)
    return Member(
        name=name,
        interface="" if external else fields.one("interface", parse_interface_name, shared.interface),
        port=port,
        external=external,
        endpoint=None if nat and not fields.given("endpoint") else fields.one("endpoint", endpoint(port), _UNKNOWN),
        routes=tuple(fields.many("routes", parse_network)),
        addresses=tuple(fields.many("address", tunnel_address(shared.pools))) if fields.given("address") else None,
        keepalive=fields.one("keepalive", parse_keepalive, shared.keepalive),
        mtu=DEFAULT_MTU if external else fields.one("mtu", parse_mtu, shared.mtu),
        own_mtu=fields.given("mtu"),
        gateway=read_gateway_use(fields),
        split=read_split(fields),
        dns=read_name_servers(fields),
        host_access=fields.one("host_access", boolean, False),
        firewall=fields.one("firewall", choice(*FIREWALLS), ALL_FIREWALLS),
        public_key=fields.one("public_key", parse_public_key, None),
        private_key=None if external else fields.one("private_key", parse_own_private_key, None),
    )


def _check_dialling(fields: Fields, nat: bool) -> None:
    if nat and fields.given("endpoint"):
        fields.wrong("nat", "contradicts endpoint: a member behind NAT cannot be dialled. Keep one of the two")
    if fields.get("nat") in (None, False) and not fields.given("endpoint"):
        fields.wrong("endpoint", "is missing: where the others dial this member; or say nat: true if nobody can")


def _check_outsider(fields: Fields) -> None:
    if not fields.given("public_key"):
        fields.wrong("public_key", "is missing: an external member is not asked for its key")
    for key in NOT_FOR_OUTSIDERS:
        if fields.given(key):
            fields.wrong(key, "is not for an external member, which is not configured from here")


def _link(value: Any) -> tuple[str, str]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise InvalidValue("is no link: write [MEMBER, MEMBER]")
    return text(value[0]), text(value[1])
