# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random states of an interface, observed and desired, out of few values, so that they meet and clash often."""

from __future__ import annotations

import dataclasses

from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DesiredInterface,
    DesiredPeer,
    T,
    Unset,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    HIDDEN,
    File,
    Interface,
    Peer,
    Properties,
    Property,
    Route,
    Rule,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    Prefix,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    Secret,
    SecretText,
    clamp,
)

PUBLIC_KEYS = tuple(PublicKey(bytes([number]) * 32) for number in range(1, 6))
PRIVATE_KEYS = tuple(clamp(bytes([number]) * 32) for number in (0xA1, 0xA2))
PRESHARED_KEYS = tuple(PresharedKey(bytes([number]) * 32) for number in (0xB1, 0xB2))
PREFIXES = tuple(
    map(parse_prefix, ("10.0.0.1", "10.0.0.2", "10.1.0.0/16", "10.1.2.0/24", "fd00::1", "fd00::/8", "::/0"))
)
ADDRESSES = tuple(map(parse_interface_address, ("10.9.0.1/24", "10.9.0.1/32", "10.9.0.2/24", "fd09::1/64")))
ROUTES = tuple(Route(prefix, table) for prefix in PREFIXES[:4] for table in (254, 100))
RULES = (Rule(4, 1000, 100), Rule(4, 1001, 254, suppress_prefixlength=0), Rule(6, 1000, 100, fwmark=7, invert=True))
ENDPOINTS = (Endpoint("192.0.2.1", 51820), Endpoint("2001:db8::1", 51820), Endpoint("vpn.example.org", 4000))
OURS = ("/etc/wireguard/wg0.conf", "/etc/systemd/network/wg0.netdev")

keepalives = st.sampled_from((0, 25, 65535))
endpoints = st.sampled_from((None, *ENDPOINTS))
ports = st.sampled_from((0, 51820, 51821))
marks = st.sampled_from((0, 1, 0xFFFFFFFF))
mtus = st.sampled_from((1280, 1420))
names = st.sampled_from(("", "alice", "bob"))
address_sets = st.frozensets(st.sampled_from(ADDRESSES))
route_sets = st.frozensets(st.sampled_from(ROUTES))
rule_sets = st.frozensets(st.sampled_from(RULES))


def properties(*hidden: object) -> st.SearchStrategy[Properties]:
    """Give some properties, each with one value; an observed one can be hidden."""
    values = {
        "comment": st.sampled_from(("", "yes", *hidden)),
        "private_key": st.sampled_from((None, *PRIVATE_KEYS, *hidden)),
        "client_dns": st.sampled_from((frozenset(), frozenset({"192.0.2.53"}))),
    }
    return st.fixed_dictionaries({}, optional=values).map(
        lambda chosen: frozenset(Property(name, value) for name, value in chosen.items())
    )


def render_files(state: Interface) -> dict[str, File]:
    """Render all that a file can hold of a state: the simplest function that tells two states apart."""
    if state.persist == "none":
        return {}
    device = [revealed(state.private_key), state.fwmark, state.mtu, state.up]
    network = [sorted(state.addresses), sorted(state.routes), sorted(map(repr, state.rules))]
    peers = [
        [
            key,
            peer.name,
            peer.endpoint,
            sorted(peer.allowed_ips),
            peer.persistent_keepalive,
            revealed(peer.preshared_key),
        ]
        for key, peer in sorted(state.peers.items())
    ]
    file = File(SecretText(repr([device, network, peers]).encode()))
    return dict.fromkeys(OURS, file) if state.up else {OURS[0]: file}


def revealed(value: object) -> object:
    """Give the text of a secret and anything else as it is."""
    return value.reveal() if isinstance(value, Secret) else value


@st.composite
def allowed_ips_of(draw: st.DrawFn, keys: tuple[PublicKey, ...]) -> dict[PublicKey, frozenset[Prefix]]:
    """Give each prefix to one of the keys or to none."""
    owners = {prefix: draw(st.sampled_from((None, *keys))) for prefix in PREFIXES} if keys else {}
    return {key: frozenset(prefix for prefix, owner in owners.items() if owner == key) for key in keys}


@st.composite
def observed_peers(draw: st.DrawFn) -> dict[PublicKey, Peer]:
    keys = tuple(draw(st.lists(st.sampled_from(PUBLIC_KEYS), unique=True)))
    allowed_ips = draw(allowed_ips_of(keys))
    return {
        key: Peer(
            key,
            preshared_key=draw(st.sampled_from((None, HIDDEN, *PRESHARED_KEYS))),
            endpoint=draw(endpoints),
            allowed_ips=allowed_ips[key],
            persistent_keepalive=draw(keepalives),
            name=draw(names),
            current_endpoint=draw(endpoints),
            last_handshake=draw(st.sampled_from((0.0, 1.5e9))),
            properties=draw(properties(HIDDEN)),
        )
        for key in keys
    }


observed_files = st.dictionaries(
    st.sampled_from((*OURS, "/etc/wireguard/wg0.key")),
    st.builds(
        File,
        content=st.sampled_from((SecretText(b"before"), SecretText(b"other"))),
        link=st.booleans(),
        foreign=st.booleans(),
    ),
)

existing = st.builds(
    lambda routes, **others: Interface(routes=routes if others["up"] else frozenset(), **others),
    name=st.just("wg0"),
    private_key=st.sampled_from((None, HIDDEN, *PRIVATE_KEYS)),
    listen_port=ports,
    fwmark=marks,
    mtu=mtus,
    up=st.booleans(),
    addresses=address_sets,
    routes=route_sets,
    rules=rule_sets,
    peers=observed_peers(),
    persist=st.sampled_from(("none", "wg_quick")),
    files=observed_files,
    properties=properties(HIDDEN),
)
missing = st.builds(
    lambda rules, files: dataclasses.replace(absent("wg0"), rules=rules, files=files), rule_sets, observed_files
)
observed_interfaces = existing | missing


def _or_unset(values: st.SearchStrategy[T]) -> st.SearchStrategy[Unset | T]:
    return st.just(UNSET) | values


@st.composite
def desired_peers(draw: st.DrawFn) -> tuple[DesiredPeer, ...]:
    keys = tuple(draw(st.lists(st.sampled_from(PUBLIC_KEYS), unique=True)))
    allowed_ips = draw(allowed_ips_of(keys))
    return tuple(
        DesiredPeer(
            key,
            present=draw(st.sampled_from((True, True, True, False))),
            preshared_key=draw(_or_unset(st.sampled_from((None, *PRESHARED_KEYS)))),
            endpoint=draw(_or_unset(endpoints)),
            allowed_ips=draw(_or_unset(st.just(allowed_ips[key]))),
            persistent_keepalive=draw(_or_unset(keepalives)),
            name=draw(_or_unset(names)),
            properties=draw(properties()),
        )
        for key in keys
    )


desired_interfaces = st.builds(
    DesiredInterface,
    name=st.just("wg0"),
    present=st.sampled_from((True, True, True, False)),
    private_key=_or_unset(st.sampled_from(PRIVATE_KEYS)),
    listen_port=_or_unset(ports),
    fwmark=_or_unset(marks),
    mtu=_or_unset(mtus),
    up=_or_unset(st.booleans()),
    addresses=_or_unset(address_sets),
    routes=_or_unset(route_sets),
    rules=_or_unset(rule_sets),
    peers=desired_peers(),
    purge_peers=st.booleans(),
    persist=_or_unset(st.sampled_from(("none", "wg_quick"))),
    properties=properties(),
)


def desired_of(observed: Interface) -> DesiredInterface:
    """Give the desired state that says of everything that it shall be as it is."""
    return DesiredInterface(
        name=observed.name,
        present=observed.exists,
        private_key=observed.private_key if isinstance(observed.private_key, PrivateKey) else UNSET,
        listen_port=observed.listen_port,
        fwmark=observed.fwmark,
        mtu=observed.mtu,
        up=observed.up,
        addresses=observed.addresses,
        routes=observed.routes,
        rules=observed.rules,
        peers=tuple(map(desired_peer_of, observed.peers.values())),
        purge_peers=True,
        persist=observed.persist,
        properties=shown(observed.properties),
    )


def desired_peer_of(peer: Peer) -> DesiredPeer:
    """Give the desired state that says of everything of a peer that it shall be as it is."""
    return DesiredPeer(
        peer.public_key,
        preshared_key=UNSET if peer.preshared_key is HIDDEN else peer.preshared_key,
        endpoint=peer.endpoint,
        allowed_ips=peer.allowed_ips,
        persistent_keepalive=peer.persistent_keepalive,
        name=peer.name,
        properties=shown(peer.properties),
    )


def shown(observed: Properties) -> Properties:
    """Give the properties that are not hidden."""
    return frozenset(each for each in observed if each.value is not HIDDEN)
