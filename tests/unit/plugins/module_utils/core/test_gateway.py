# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway as a whole, and its ways out."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.forwarding import SWITCHES, KeepSwitches
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import (
    GatewayState,
    plan_gateway,
    resolved,
    unresolved,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import Needs, read_needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import AddEntry, Translation
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.settings import ChangeSetting, Setting
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

POOL = {"source": "10.9.0.0/24", "interface": "wg0"}
POOL6 = {"source": "fd00:9::/64", "interface": "wg0"}
ONE_WAY_OUT = GatewayState(ways_out={4: "wan"}, interfaces=frozenset({"wan", "lan"}))


def test_the_automatic_way_out_is_that_of_the_default_route_of_its_version() -> None:
    needed = read_needs({"outbound": [POOL]})
    assert unresolved(needed, ONE_WAY_OUT) == []
    entries = resolved(needed, ONE_WAY_OUT).entries
    assert Translation(4, parse_prefix("10.9.0.0/24"), "wan") in entries
    assert {entry.out_interface for entry in entries} == {"wan", "wg0"}


@pytest.mark.parametrize(
    ("options", "state", "place"),
    [
        ({"outbound": [POOL, POOL6]}, ONE_WAY_OUT, "outbound[1].out_interface"),
        ({"outbound": [POOL]}, GatewayState(ways_out={4: "wg0"}), "outbound[0].out_interface"),
        ({"outbound": [{**POOL, "out_interface": "wna"}]}, ONE_WAY_OUT, "outbound[0].out_interface"),
        ({"proxy_arp": ["lan", "lna"]}, ONE_WAY_OUT, "proxy_arp"),
        ({"proxy_ndp": [{"interface": "lna", "address": "fd00::1"}]}, ONE_WAY_OUT, "proxy_ndp"),
    ],
    ids=["no default route", "into the tunnel", "no such interface", "proxy ARP", "proxy NDP"],
)
def test_a_way_that_is_not_there_is_told(options: dict[str, Any], state: GatewayState, place: str) -> None:
    assert [problem.place for problem in unresolved(read_needs(options), state)] == [place]


def test_what_is_wrong_with_one_interface_for_many_prefixes_is_told_once() -> None:
    needed = read_needs({"outbound": [{**pool, "out_interface": "wna"} for pool in (POOL, POOL6)]})
    assert [str(problem) for problem in unresolved(needed, ONE_WAY_OUT)] == [
        "outbound[0].out_interface: there is no interface wna"
    ]


def test_the_filter_the_switches_and_the_settings_are_planned_together() -> None:
    setting = Setting("/ip/dns", "allow-remote-requests")
    needed = Needs(
        families=("ipv4",),
        entries=read_needs({"listen_ports": [51820]}).entries[:1],
        switches=frozenset({"net.ipv4.conf.lan.proxy_arp"}),
        settings={setting: "true"},
    )
    steps = plan_gateway(GatewayState(), "corp", needed, lambda _entry: None)
    assert steps[0] == AddEntry(needed.entries[0])
    assert KeepSwitches("corp", frozenset({SWITCHES["ipv4"], "net.ipv4.conf.lan.proxy_arp"})) in steps
    assert steps[-1] == ChangeSetting(setting, "true")
    assert plan_gateway(GatewayState(), "corp", Needs(), lambda _entry: None) == ()
