# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as routers printed them, and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.rows import (
    Printed,
    decode_interface,
    encode_device,
    encode_new_peer,
    encode_peer,
    interface_words,
    peer_words,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.surroundings import (
    Place,
    encode_route,
    lost_ids,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    HIDDEN,
    Property,
    Route,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetDevice, SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, PublicKey, clamp

KEY, OTHER = PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32)
PRIVATE = clamp(b"\xa1" * 32)
NEW, OLD = Release(7, 20), Release(7, 9)
NOW = 1_800_000_000.0

INTERFACE = {
    ".id": "*55",
    "name": "wg0",
    "mtu": "1420",
    "listen-port": "13231",
    "private-key": PRIVATE.reveal(),
    "public-key": str(OTHER),
    "disabled": "false",
}
PEER = {
    ".id": "*3",
    "interface": "wg0",
    "name": "peer1",
    "public-key": str(KEY),
    "private-key": "",
    "endpoint-address": "",
    "endpoint-port": "0",
    "current-endpoint-address": "203.0.113.7",
    "current-endpoint-port": "51820",
    "allowed-address": "10.10.10.2/32,192.168.100.1/24",
    "preshared-key": "",
    "client-endpoint": "",
    "persistent-keepalive": "25s",
    "rx": "10456",
    "tx": "20912",
    "last-handshake": "1m5s",
    "dynamic": "false",
    "disabled": "false",
}
ADDRESS = {".id": "*7", "address": "10.0.0.1/24", "interface": "wg0", "disabled": "false", "dynamic": "false"}
ROUTE = {
    ".id": "*8",
    "dst-address": "10.1.0.0/16",
    "gateway": "wg0",
    "routing-table": "main",
    "distance": "1",
    "comment": "wgfleet wg0: route",
    "disabled": "false",
}


def printed(**changes: Any) -> Printed:
    given = {
        "interfaces": [INTERFACE],
        "peers": [PEER],
        "addresses": {4: [ADDRESS], 6: []},
        "routes": {4: [ROUTE], 6: []},
    }
    return Printed(**{**given, **changes})


def read_peer(release: Release = NEW, **changes: str | None) -> Any:
    row = {name: value for name, value in {**PEER, **changes}.items() if value is not None}
    interface, _handles = decode_interface("wg0", printed(peers=[row]), release, NOW)
    return interface.peers[KEY]


def test_an_interface_is_read_with_all_that_surrounds_it() -> None:
    interface, handles = decode_interface("wg0", printed(), NEW, NOW)
    assert (interface.private_key, interface.public_key, interface.listen_port) == (PRIVATE, OTHER, 13231)
    assert (interface.mtu, interface.up, interface.implementation) == (1420, True, "routeros")
    assert interface.addresses == {parse_interface_address("10.0.0.1/24")}
    assert interface.routes == {Route(parse_prefix("10.1.0.0/16"))}
    assert (handles.interface, handles.peers) == ("*55", {KEY: "*3"})


def test_a_peer_is_read_with_its_statistics() -> None:
    peer = read_peer()
    assert (peer.preshared_key, peer.endpoint, peer.persistent_keepalive) == (None, None, 25)
    assert peer.allowed_ips == {parse_prefix("10.10.10.2"), parse_prefix("192.168.100.0/24")}
    assert peer.current_endpoint == Endpoint("203.0.113.7", 51820)
    assert (peer.rx_bytes, peer.tx_bytes, peer.last_handshake) == (10456, 20912, NOW - 65)


def test_a_peer_that_was_never_heard_has_no_handshake() -> None:
    assert read_peer(**{"last-handshake": None}).last_handshake == 0


def test_a_name_is_read_as_it_is_even_where_the_router_may_have_chosen_it() -> None:
    assert read_peer(name="peer12").name == "peer12"
    assert read_peer(name="peer of alice").name == "peer of alice"


def test_before_peers_had_names_the_comment_is_the_label() -> None:
    peer = read_peer(OLD, name=None, comment="alice")
    assert peer.name == "alice"
    assert {each.name for each in peer.properties} == {"enabled"}


def test_secrets_that_are_not_told_are_hidden() -> None:
    assert read_peer(**{"preshared-key": "*****"}).preshared_key is HIDDEN
    assert read_peer(**{"preshared-key": None}).preshared_key is HIDDEN
    interface, _handles = decode_interface("wg0", printed(interfaces=[{**INTERFACE, "private-key": "*****"}]), NEW, NOW)
    assert interface.private_key is HIDDEN


def test_of_an_interface_that_is_not_there_what_it_left_is_observed() -> None:
    lost = {"interface": "*55"}
    left = printed(
        interfaces=[],
        peers=[{**PEER, **lost}, {**PEER, **lost, ".id": "*4", "public-key": ""}, {**PEER, "interface": "*66"}],
        addresses={4: [{**ADDRESS, **lost, "comment": "wgfleet wg0: address"}], 6: []},
        routes={4: [{**ROUTE, "gateway": "*55"}], 6: []},
    )
    assert lost_ids("wg0", left.addresses, left.routes) == ["*55"]
    interface, handles = decode_interface("wg0", left._replace(lost=["*55"]), NEW, NOW)
    assert replace(interface, addresses=frozenset(), routes=frozenset(), peers={}, keyless_peers=0) == absent("wg0")
    assert interface.addresses == {parse_interface_address("10.0.0.1/24")}
    assert interface.routes == {Route(parse_prefix("10.1.0.0/16"))}
    assert (handles.peers, handles.keyless, interface.keyless_peers) == ({KEY: "*3"}, ["*4"], 1)


def test_of_an_interface_that_was_made_anew_by_hand_the_lost_peers_have_no_name() -> None:
    lost = printed(peers=[PEER, {**PEER, "interface": "*44", ".id": "*9"}])._replace(lost=["*44"])
    interface, handles = decode_interface("wg0", lost, NEW, NOW)
    assert (set(interface.peers), handles.peers, handles.keyless) == ({KEY}, {KEY: "*3"}, ["*9"])


@pytest.mark.parametrize(
    "row", [{"interface": "wg1"}, {"interface": "*F"}, {"dynamic": "true"}, {"public-key": ""}, {"public-key": "what"}]
)
def test_peers_of_others_and_of_nobody_are_passed_over(row: dict[str, str]) -> None:
    interface, handles = decode_interface("wg0", printed(peers=[{**PEER, **row}]), NEW, NOW)
    assert (interface.peers, handles.peers) == ({}, {})


def test_addresses_that_the_router_made_are_not_ours() -> None:
    link_local = {**ADDRESS, "address": "fe80::1/64", "dynamic": "true"}
    interface, _handles = decode_interface("wg0", printed(addresses={4: [], 6: [link_local]}), NEW, NOW)
    assert interface.addresses == set()


def test_a_disabled_row_is_not_in_force_and_is_remembered() -> None:
    rows = {4: [{**ADDRESS, "disabled": "true"}], 6: []}
    interface, handles = decode_interface("wg0", printed(addresses=rows), NEW, NOW)
    assert interface.addresses == set()
    assert interface.idle_addresses == set()
    assert handles.addresses == {
        parse_interface_address("10.0.0.1/24"): [Place("/ip/address", "*7", True, foreign=True)]
    }


def test_only_rows_of_ours_that_are_not_in_force_are_left_over() -> None:
    ours = {**ADDRESS, "comment": "wgfleet wg0: address"}
    rows = [
        {**ours, "address": "10.0.0.2/24", "disabled": "true"},
        {**ours, "address": "10.0.0.3/24", "interface": "*F"},
        {**ours, "address": "10.0.0.4/24"},
        {**ADDRESS, "address": "10.0.0.5/24", "disabled": "true"},
    ]
    route = {**ROUTE, "gateway": "*F"}
    left = printed(addresses={4: rows, 6: []}, routes={4: [route], 6: []})._replace(lost=["*F"])
    interface, _handles = decode_interface("wg0", left, NEW, NOW)
    assert interface.addresses == {parse_interface_address("10.0.0.4/24")}
    assert interface.idle_addresses == set(map(parse_interface_address, ["10.0.0.2/24", "10.0.0.3/24"]))
    assert interface.idle_routes == {Route(parse_prefix("10.1.0.0/16"))}


@pytest.mark.parametrize("change", [{"comment": "my own"}, {"comment": "wgfleet wg1: route"}])
def test_routes_of_others_are_not_ours(change: dict[str, str]) -> None:
    interface, handles = decode_interface("wg0", printed(routes={4: [{**ROUTE, **change}], 6: []}), NEW, NOW)
    assert (interface.routes, handles.routes) == (set(), {})


def test_a_route_of_ours_that_leads_elsewhere_by_now_is_not_in_force() -> None:
    interface, handles = decode_interface("wg0", printed(routes={4: [{**ROUTE, "gateway": "*F"}], 6: []}), NEW, NOW)
    assert interface.routes == set()
    assert list(handles.routes) == [Route(parse_prefix("10.1.0.0/16"))]


def test_only_what_the_release_prints_is_asked_for() -> None:
    assert "vrf" not in interface_words(NEW)
    assert "vrf" in interface_words(Release(7, 21))
    assert {"comment", "disabled"} <= set(peer_words(OLD))
    assert not {"name", "private-key", "responder", "client-dns", "dynamic"} & set(peer_words(OLD))
    assert {"name", "comment", "responder", "client-dns", "dynamic"} <= set(peer_words(NEW))


def test_only_what_a_step_sets_is_sent() -> None:
    assert encode_peer(SetPeer(KEY), None, NEW) == []
    assert encode_peer(SetPeer(KEY, persistent_keepalive=0), None, NEW) == [("persistent-keepalive", "0s")]
    assert encode_peer(SetPeer(KEY, endpoint=None), None, NEW) == [("endpoint-address", ""), ("endpoint-port", "0")]
    assert encode_peer(SetPeer(KEY, preshared_key=None), None, NEW) == [("preshared-key", "")]
    assert encode_device(SetDevice(), NEW) == []
    assert encode_device(SetDevice(listen_port=0), NEW) == []


def test_a_new_peer_is_sent_whole() -> None:
    step = SetPeer(
        KEY,
        create=True,
        preshared_key=PresharedKey(b"\xb1" * 32),
        endpoint=Endpoint("vpn.example", 13231),
        name="office2",
        properties=frozenset({Property("responder", True), Property("comment", "yes")}),
    )
    assert encode_new_peer(step, "wg0", [parse_prefix("10.0.0.2")], Release(7, 16)) == [
        ("interface", "wg0"),
        ("public-key", str(KEY)),
        ("allowed-address", "10.0.0.2/32"),
        ("preshared-key", PresharedKey(b"\xb1" * 32).reveal()),
        ("endpoint-address", "vpn.example"),
        ("endpoint-port", "13231"),
        ("name", "office2"),
        ("comment", "yes"),
        ("is-responder", "yes"),
    ]


def test_before_peers_had_names_the_label_is_sent_as_comment() -> None:
    assert encode_peer(SetPeer(KEY, name="alice"), None, OLD) == [("comment", "alice")]


def test_a_route_says_that_it_is_ours_and_reads_back_as_it_was() -> None:
    for route in (Route(parse_prefix("10.1.0.0/16"), metric=7), Route(parse_prefix("fd00::/8"), table=100)):
        row = {".id": "*1", "disabled": "false", **dict(encode_route(route, "wg0"))}
        interface, _handles = decode_interface("wg0", printed(routes={route.destination.version: [row]}), NEW, NOW)
        assert interface.routes == {route}
