# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of a gateway say, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import (
    GATEWAY_OPTIONS,
    Needs,
    Outbound,
    ProxyNdp,
    outbound_entries,
    read_needs,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    Clamp,
    Member,
    Opening,
    Translation,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.router_names import (
    parse_router_interface_name,
)

POOL, POOL6 = parse_prefix("10.9.0.0/24"), parse_prefix("fd00:9::/64")
LET_OUT = {"source": "10.9.0.0/24", "interface": "wg0"}


def test_nothing_given_is_nothing_needed() -> None:
    assert read_needs({}) == read_needs(dict.fromkeys(GATEWAY_OPTIONS)) == Needs()


def test_ports_are_opened_in_both_versions_and_pairs_both_ways() -> None:
    needed = read_needs(
        {
            "forwarding": ["ipv4"],
            "listen_ports": [13231],
            "forward_pairs": [{"local": "10.1.0.5/24", "remote": "10.2.0.0/24", "interface": "wg0"}],
            "list_members": [{"list": "LAN", "interface": "wg0"}],
        }
    )
    local, remote = parse_prefix("10.1.0.0/24"), parse_prefix("10.2.0.0/24")
    assert needed.entries == (
        Opening(4, "input", "udp", 13231),
        Opening(6, "input", "udp", 13231),
        Opening(4, "forward", source=remote, destination=local, in_interface="wg0"),
        Opening(4, "forward", source=local, destination=remote, out_interface="wg0"),
    )
    assert (needed.members, needed.families) == ({Member("LAN", "wg0")}, ("ipv4",))


def test_who_is_accepted_or_asks_names_is_accepted_from_the_tunnel_alone() -> None:
    accepted = Opening(4, "input", source=POOL, in_interface="wg0")
    needed = read_needs({"accept_from": [LET_OUT], "serve_dns": [{"source": "fd00:9::/64", "interface": "wg0"}]})
    asked = [Opening(6, "input", protocol, 53, source=POOL6, in_interface="wg0") for protocol in ("udp", "tcp")]
    assert (needed.entries, needed.answers_dns) == ((accepted, *asked), True)
    assert not read_needs({"accept_from": [LET_OUT], "serve_dns": []}).answers_dns


def test_segments_are_clamped_in_both_directions_and_versions() -> None:
    assert read_needs({"clamp_mss": ["wg0"]}).entries == (
        Clamp(4, in_interface="wg0"),
        Clamp(4, out_interface="wg0"),
        Clamp(6, in_interface="wg0"),
        Clamp(6, out_interface="wg0"),
    )


def test_the_way_out_is_automatic_and_masqueraded_where_nothing_else_is_said() -> None:
    assert read_needs({"outbound": [LET_OUT]}).outbound == (Outbound(POOL, "wg0", "auto", "masquerade"),)


@pytest.mark.parametrize(
    ("translation", "translations"),
    [
        ("masquerade", [Translation(4, POOL, "wan")]),
        ("192.0.2.1", [Translation(4, POOL, "wan", "192.0.2.1")]),
        ("none", []),
    ],
)
def test_who_is_let_out_is_translated_as_said_and_gets_answers_only(
    translation: str, translations: list[Translation]
) -> None:
    [outbound] = read_needs({"outbound": [{**LET_OUT, "translation": translation}]}).outbound
    assert outbound_entries(outbound, "wan") == (
        *translations,
        Opening(4, "forward", source=POOL, in_interface="wg0", out_interface="wan"),
        Opening(4, "forward", destination=POOL, in_interface="wan", out_interface="wg0", replies=True),
    )


def test_addresses_are_written_in_one_way() -> None:
    ndp = {"interface": "lan", "address": "FD00:0::9"}
    six = {"source": "fd00:9::1/64", "interface": "wg0", "translation": "2001:DB8::1"}
    needed = read_needs({"proxy_arp": ["lan"], "proxy_ndp": [ndp], "outbound": [six]})
    assert (needed.proxy_arp, needed.proxy_ndp) == ({"lan"}, {ProxyNdp("lan", "fd00::9")})
    assert needed.outbound[0].translation == "2001:db8::1"


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"listen_ports": [0, 70000, True]}, ["listen_ports[0]", "listen_ports[1]", "listen_ports[2]"]),
    ({"forward_pairs": [{"local": "what", "remote": "10.0.0.0/8"}]}, ["forward_pairs[0].local"]),
    ({"forward_pairs": [{"local": "fd00::/8", "remote": "10.0.0.0/8"}]}, ["forward_pairs[0]"]),
    (
        {"forward_pairs": [{"local": "fd00::/8", "interface": "a b"}]},
        ["forward_pairs[0].remote", "forward_pairs[0].interface"],
    ),
    ({"forwarding": ["ipx"]}, ["forwarding[0]"]),
    ({"accept_from": [{"source": "10.0.0.0/33"}]}, ["accept_from[0].source", "accept_from[0].interface"]),
    ({"serve_dns": [{**LET_OUT, "port": 53}]}, ["serve_dns[0].port"]),
    ({"outbound": [{**LET_OUT, "out_interface": "no good"}]}, ["outbound[0].out_interface"]),
    ({"outbound": [{**LET_OUT, "out_interface": "wg0"}]}, ["outbound[0].out_interface"]),
    ({"outbound": [{**LET_OUT, "translation": "hide"}]}, ["outbound[0].translation"]),
    ({"outbound": [{**LET_OUT, "translation": "fd00::1"}]}, ["outbound[0].translation"]),
    ({"outbound": "wg0", "clamp_mss": {"wg0": 1}}, ["outbound", "clamp_mss"]),
    ({"clamp_mss": ["a/b"], "proxy_arp": [""]}, ["clamp_mss[0]", "proxy_arp[0]"]),
    ({"proxy_ndp": [{"interface": "lan", "address": "10.0.0.1"}]}, ["proxy_ndp[0].address"]),
    ({"list_members": ["LAN", {"list": "", "interface": "wg0"}]}, ["list_members[0]", "list_members[1].list"]),
    ({"firewall": "mine", "masquerade": True}, ["masquerade", "firewall"]),
]


@pytest.mark.parametrize(("options", "places"), WRONG)
def test_all_that_is_wrong_is_told_with_its_place(options: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_needs(options)
    assert sorted(problem.place for problem in caught.value.problems) == sorted(places)


def test_the_device_decides_which_names_its_interfaces_can_have() -> None:
    options = {"outbound": [{**LET_OUT, "out_interface": "pppoe out"}], "proxy_arp": ["sfp-sfpplus1-lan"]}
    needed = read_needs(options, parse_router_interface_name)
    assert (needed.outbound[0].out_interface, needed.proxy_arp) == ("pppoe out", {"sfp-sfpplus1-lan"})
    with pytest.raises(InvalidInput) as caught:
        read_needs(options)
    assert [each.place for each in caught.value.problems] == ["outbound[0].out_interface", "proxy_arp[0]"]
