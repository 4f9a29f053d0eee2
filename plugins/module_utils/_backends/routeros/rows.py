# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of RouterOS' menus, and one interface of the model with all that surrounds it.

Rules of this file: no input or output. A row is a dictionary of text. Dynamic rows are the router's own and are passed
over. What is ours among the routes says so in its comment. A row that is disabled is not there, but it is in the way of
another like it: `Handles` knows it, so that it can be enabled instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Collection, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import (
    CODECS,
    decode_duration,
    decode_endpoint,
    decode_flag,
    decode_items,
    decode_number,
    decode_private_key,
    decode_secret,
    encode_duration,
    encode_flag,
    encode_items,
    encode_secret,
    parsed,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import (
    DYNAMIC_PEERS,
    INTERFACE_FIELDS,
    NAMED_PEERS,
    PEER_FIELDS,
    Field,
    Release,
    known_fields,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import T, Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    DEFAULT_MTU,
    MAIN_TABLE,
    Interface,
    Peer,
    Properties,
    Property,
    Route,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetDevice, SetLink, SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    InterfaceAddress,
    Prefix,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PublicKey,
    decode_key,
)

Row = Dict[str, str]
Attributes = List[Tuple[str, str]]

INTERFACES, PEERS = "/interface/wireguard", "/interface/wireguard/peers"
ADDRESSES = {4: "/ip/address", 6: "/ipv6/address"}
ROUTES = {4: "/ip/route", 6: "/ipv6/route"}

ADDRESS_WORDS = (".id", "address", "interface", "disabled", "dynamic")
ROUTE_WORDS = (".id", "dst-address", "gateway", "routing-table", "distance", "comment", "disabled")
_INTERFACE_WORDS = (".id", "name", "mtu", "listen-port", "private-key", "public-key", "disabled")
_PEER_WORDS = (
    ".id",
    "interface",
    "public-key",
    "preshared-key",
    "endpoint-address",
    "endpoint-port",
    "allowed-address",
    "persistent-keepalive",
    "current-endpoint-address",
    "current-endpoint-port",
    "last-handshake",
    "rx",
    "tx",
)
_MAIN = "main"
_DEFAULT_DISTANCE = 1
_AUTOMATIC_NAME = re.compile(r"peer[0-9]+")


class Place(NamedTuple):
    """Where a row is: its menu and its id. One that is disabled is not in force."""

    menu: str
    id: str
    disabled: bool = False


@dataclass
class Handles:
    """The rows that make up an interface."""

    interface: str = ""
    peers: dict[PublicKey, str] = field(default_factory=dict)
    addresses: dict[InterfaceAddress, list[Place]] = field(default_factory=dict)
    routes: dict[Route, list[Place]] = field(default_factory=dict)


class Printed(NamedTuple):
    """What the menus print of one interface."""

    interfaces: Sequence[Row]
    peers: Sequence[Row]
    addresses: Mapping[int, Sequence[Row]]
    routes: Mapping[int, Sequence[Row]]
    rules: Sequence[Row] = ()  # those of the packet filter that have a comment


def route_tag(interface: str) -> str:
    """Give the comment of our routes through an interface."""
    return f"wgfleet {interface}: route"


def interface_words(release: Release) -> tuple[str, ...]:
    """Name what a release prints of an interface."""
    return _INTERFACE_WORDS + tuple(each.wire for each in known_fields(INTERFACE_FIELDS, release))


def peer_words(release: Release) -> tuple[str, ...]:
    """Name what a release prints of a peer."""
    named = {each.wire for each in known_fields(PEER_FIELDS, release)} | {_label_word(release)}
    dynamic = {"dynamic"} if release >= DYNAMIC_PEERS else set()
    return (*_PEER_WORDS, *sorted(named | dynamic))


def _label_word(release: Release) -> str:
    return "name" if release >= NAMED_PEERS else "comment"


def decode_interface(name: str, printed: Printed, release: Release, now: float) -> tuple[Interface, Handles]:
    """Give the interface and where its rows are. `now` is in seconds since 1970; routers tell ages, not times."""
    handles = Handles()
    _decode_addresses(name, printed, handles)
    _decode_routes(name, printed, handles)
    row = next((row for row in printed.interfaces if row.get("name") == name), None)
    if row is None:
        return absent(name), handles
    handles.interface = row[".id"]
    peers = {}
    for each in printed.peers:
        if each.get("interface") != name or decode_flag(each.get("dynamic")):
            continue
        peer = _decode_peer(each, release, now)
        if peer is not None:
            peers[peer.public_key] = peer
            handles.peers[peer.public_key] = each[".id"]
    return (
        Interface(
            name=name,
            private_key=decode_private_key(row.get("private-key")),
            public_key=_public_key(row),
            listen_port=decode_number(row.get("listen-port")),
            mtu=decode_number(row.get("mtu")) or DEFAULT_MTU,
            up=not decode_flag(row.get("disabled")),
            addresses=_in_force(handles.addresses),
            routes=_in_force(handles.routes),
            peers=peers,
            implementation="routeros",
            properties=_decode_properties(row, known_fields(INTERFACE_FIELDS, release)),
        ),
        handles,
    )


def _decode_addresses(name: str, printed: Printed, handles: Handles) -> None:
    for version, rows in printed.addresses.items():
        for row in rows:
            if row.get("interface") == name and not decode_flag(row.get("dynamic")):
                address = parsed(row.get("address"), parse_interface_address)
                if address is None:
                    continue
                place = Place(ADDRESSES[version], row[".id"], decode_flag(row.get("disabled")))
                handles.addresses.setdefault(address, []).append(place)


def _decode_routes(name: str, printed: Printed, handles: Handles) -> None:
    for version, rows in printed.routes.items():
        for row in rows:
            route = _decode_route(row)
            if row.get("comment") != route_tag(name) or route is None:
                continue
            disabled = decode_flag(row.get("disabled")) or row.get("gateway") != name
            handles.routes.setdefault(route, []).append(Place(ROUTES[version], row[".id"], disabled))


def _decode_route(row: Row) -> Route | None:
    destination = parsed(row.get("dst-address"), parse_prefix)
    table = row.get("routing-table", _MAIN)
    distance = decode_number(row.get("distance"))
    if destination is None:
        return None
    # A table of a name that is no number is none that could be declared.
    number = MAIN_TABLE if table == _MAIN else decode_number(table)
    return Route(destination, number, 0 if distance == _DEFAULT_DISTANCE else distance)


def rivals(name: str, rows: Iterable[Row], routes: Collection[Route]) -> list[str]:
    """Describe the rows of others that are routes like these and lead elsewhere: RouterOS would use both in turn."""
    return [
        f"{row.get('dst-address')} by {row.get('gateway') or 'no gateway'}"
        for row in rows
        if _decode_route(row) in routes
        and row.get("gateway") != name
        and row.get("comment") != route_tag(name)
        and not decode_flag(row.get("disabled"))
    ]


def _in_force(places: Mapping[T, Sequence[Place]]) -> frozenset[T]:
    return frozenset(key for key, found in places.items() if not all(place.disabled for place in found))


def _public_key(row: Row) -> PublicKey | None:
    try:
        return decode_key(row.get("public-key", ""), PublicKey)
    except InvalidValue:
        return None


def _decode_peer(row: Row, release: Release, now: float) -> Peer | None:
    """Give a peer; None for one without a public key, which RouterOS allows and nothing can name."""
    key = _public_key(row)
    if key is None:
        return None
    age = row.get("last-handshake")
    label = row.get(_label_word(release), "")
    return Peer(
        key,
        preshared_key=decode_secret(row.get("preshared-key"), PresharedKey),
        endpoint=decode_endpoint(row.get("endpoint-address"), row.get("endpoint-port")),
        allowed_ips=decode_items(row.get("allowed-address"), parse_prefix),
        persistent_keepalive=int(decode_duration(row.get("persistent-keepalive"))),
        name="" if release >= NAMED_PEERS and _AUTOMATIC_NAME.fullmatch(label) else label,
        current_endpoint=decode_endpoint(row.get("current-endpoint-address"), row.get("current-endpoint-port")),
        last_handshake=now - decode_duration(age) if age else 0.0,
        rx_bytes=decode_number(row.get("rx")),
        tx_bytes=decode_number(row.get("tx")),
        properties=_decode_properties(row, known_fields(PEER_FIELDS, release)),
    )


def _decode_properties(row: Row, fields: Iterable[Field]) -> Properties:
    return frozenset(Property(each.option, CODECS[each.option].decode(row.get(each.wire))) for each in fields)


def _encode_properties(properties: Properties, table: Sequence[Field], release: Release) -> Attributes:
    values = dict(properties)
    fields = [each for each in known_fields(table, release) if each.option in values]
    return [(each.wire, CODECS[each.option].encode(values[each.option])) for each in fields]


def encode_device(step: SetDevice, release: Release) -> Attributes:
    """Encode what a step sets of an interface."""
    attributes: Attributes = []
    if not isinstance(step.private_key, Unset):
        attributes.append(("private-key", encode_secret(step.private_key)))
    if not isinstance(step.listen_port, Unset) and step.listen_port:
        attributes.append(("listen-port", str(step.listen_port)))
    return attributes + _encode_properties(step.properties, INTERFACE_FIELDS, release)


def encode_link(step: SetLink) -> Attributes:
    """Encode what a step sets of the link."""
    attributes: Attributes = []
    if not isinstance(step.mtu, Unset):
        attributes.append(("mtu", str(step.mtu)))
    if not isinstance(step.up, Unset):
        attributes.append(("disabled", encode_flag(not step.up)))
    return attributes


def encode_peer(step: SetPeer, allowed_ips: Iterable[Prefix] | None, release: Release) -> Attributes:
    """Encode what a step sets of a peer; `allowed_ips` is the whole list, None where it stays."""
    attributes: Attributes = []
    if allowed_ips is not None:
        attributes.append(("allowed-address", encode_items(allowed_ips)))
    if not isinstance(step.preshared_key, Unset):
        attributes.append(("preshared-key", encode_secret(step.preshared_key)))
    if not isinstance(step.endpoint, Unset):
        host, port = step.endpoint or ("", 0)
        attributes += [("endpoint-address", host), ("endpoint-port", str(port))]
    if not isinstance(step.persistent_keepalive, Unset):
        attributes.append(("persistent-keepalive", encode_duration(step.persistent_keepalive)))
    if not isinstance(step.name, Unset):
        attributes.append((_label_word(release), step.name))
    return attributes + _encode_properties(step.properties, PEER_FIELDS, release)


def encode_new_peer(step: SetPeer, interface: str, allowed_ips: Iterable[Prefix], release: Release) -> Attributes:
    """Encode a new peer. What it does not name, the router leaves at its defaults."""
    return [
        ("interface", interface),
        ("public-key", str(step.public_key)),
        *encode_peer(step, allowed_ips, release),
    ]


def encode_address(address: InterfaceAddress, interface: str) -> Attributes:
    """Encode a new address. A tunnel has no neighbours that an IPv6 address could be advertised to."""
    rest = [("advertise", "no")] if address.version == 6 else []
    return [("address", str(address)), ("interface", interface), *rest]


def encode_route(route: Route, interface: str) -> Attributes:
    """Encode a new route through the interface, with our tag."""
    table = _MAIN if route.table == MAIN_TABLE else str(route.table)
    return [
        ("dst-address", str(route.destination)),
        ("gateway", interface),
        ("routing-table", table),
        ("distance", str(route.metric or _DEFAULT_DISTANCE)),
        ("comment", route_tag(interface)),
    ]
