# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of interfaces and peers, and one interface of the model with all that surrounds it.

Rules of this file: no input or output. A row is a dictionary of text. Dynamic rows are the router's own and are passed
over. Of an interface that someone has removed, what a router has kept is observed as what is left of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Collection, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.surroundings import (
    Attributes,
    Place,
    Row,
    decode_addresses,
    decode_routes,
    idle,
    in_force,
)
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
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    DEFAULT_MTU,
    RUNNING,
    Interface,
    Peer,
    Properties,
    Property,
    Route,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetDevice, SetLink, SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    InterfaceAddress,
    Prefix,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PublicKey,
    decode_key,
)

INTERFACES, PEERS = "/interface/wireguard", "/interface/wireguard/peers"
_INTERFACE_WORDS = (".id", "name", "mtu", "listen-port", "private-key", "public-key", "disabled", "running")
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


@dataclass
class Handles:
    """The rows that make up an interface. `keyless` are peers that nothing can name."""

    interface: str = ""
    peers: dict[PublicKey, str] = field(default_factory=dict)
    keyless: list[str] = field(default_factory=list)
    addresses: dict[InterfaceAddress, list[Place]] = field(default_factory=dict)
    routes: dict[Route, list[Place]] = field(default_factory=dict)


class Printed(NamedTuple):
    """What the menus print of one interface. `lost` are ids that it had before someone removed it."""

    interfaces: Sequence[Row]
    peers: Sequence[Row]
    addresses: Mapping[int, Sequence[Row]]
    routes: Mapping[int, Sequence[Row]]
    rules: Sequence[Row] = ()  # those of the packet filter that have a comment
    lost: Collection[str] = ()


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
    row = next((row for row in printed.interfaces if row.get("name") == name), None)
    handles = Handles(
        interface=row[".id"] if row else "",
        addresses=decode_addresses(name, printed.lost, printed.addresses),
        routes=decode_routes(name, printed.routes),
    )
    peers = dict(_decode_peers(printed, {name} if row else {name, *printed.lost}, handles, release, now))
    if row is None:
        left = Interface(
            name,
            exists=False,
            addresses=frozenset(handles.addresses),
            routes=frozenset(handles.routes),
            peers=peers,
            keyless_peers=len(handles.keyless),
        )
        return left, handles
    return (
        Interface(
            name=name,
            private_key=decode_private_key(row.get("private-key")),
            public_key=_public_key(row),
            listen_port=decode_number(row.get("listen-port")),
            mtu=decode_number(row.get("mtu")) or DEFAULT_MTU,
            up=not decode_flag(row.get("disabled")),
            addresses=in_force(handles.addresses),
            routes=in_force(handles.routes),
            idle_addresses=idle(handles.addresses),
            idle_routes=idle(handles.routes),
            peers=peers,
            keyless_peers=len(handles.keyless),
            implementation="routeros",
            properties=_decode_properties(row, known_fields(INTERFACE_FIELDS, release))
            | {Property(RUNNING, decode_flag(row.get("running")))},
        ),
        handles,
    )


def _decode_peers(
    printed: Printed, interfaces: Collection[str], handles: Handles, release: Release, now: float
) -> Iterator[tuple[PublicKey, Peer]]:
    """Give the peers and note where all are that hang on the interface, or hung on it before it was lost.

    One without a public key, which RouterOS allows, and one of an interface that was made anew since, have no name.
    """
    for row in printed.peers:
        owner, key = row.get("interface", ""), _public_key(row)
        if decode_flag(row.get("dynamic")) or owner not in {*interfaces, *printed.lost}:
            continue
        if key is None or key in handles.peers or owner not in interfaces:
            handles.keyless.append(row[".id"])
        else:
            handles.peers[key] = row[".id"]
            yield key, _decode_peer(key, row, release, now)


def _public_key(row: Row) -> PublicKey | None:
    try:
        return decode_key(row.get("public-key", ""), PublicKey)
    except InvalidValue:
        return None


def _decode_peer(key: PublicKey, row: Row, release: Release, now: float) -> Peer:
    age = row.get("last-handshake")
    return Peer(
        key,
        preshared_key=decode_secret(row.get("preshared-key"), PresharedKey),
        endpoint=decode_endpoint(row.get("endpoint-address"), row.get("endpoint-port")),
        allowed_ips=decode_items(row.get("allowed-address"), parse_prefix),
        persistent_keepalive=int(decode_duration(row.get("persistent-keepalive"))),
        name=row.get(_label_word(release), ""),
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
