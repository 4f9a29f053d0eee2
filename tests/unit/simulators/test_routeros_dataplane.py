# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a configuration becomes for nft and ip, as text; real packets are in the lab's tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_plan import (
    present_addresses,
    table_numbers,
    wanted_addresses,
    wanted_routes,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.derived import DERIVED
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.device import Device
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.factory import default_configuration, furnish, sow
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.interface_names import links
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.live import LIVE
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.nftables_text import ruleset
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.policy_plan import wanted_rules
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import (
    RouterFailed,
    command_line,
    plane_flags,
    simulator,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.wireguard_links import DevicePeer, wanted_devices

PORTS = {"ether1": "wan", "bridge": "lan"}


def configuration(**menus: Any) -> Configuration:
    """The default configuration with a WireGuard interface wg0, and these menus added to."""
    device = Device(Router(Profile(), LIVE, DERIVED))
    furnish(device.router, 5)
    sow(device, default_configuration(5))
    sow(device, {"/interface/wireguard": [{"name": "wg0", "listen-port": "13231"}], **menus})
    return device.router.configuration()


def rules(chain: str, **menus: Any) -> list[str]:
    """The rules of a chain that these menus add to the default ones."""
    config = configuration(**menus)
    text, problems = ruleset(config, links(config, PORTS))
    assert problems == []
    return text.split(f"chain {chain} {{\n", 1)[1].split("\n}", 1)[0].splitlines()


def rule(**matchers: str) -> dict[str, Any]:
    return {"/ip/firewall/filter": [{"chain": "input", **{k.replace("_", "-"): v for k, v in matchers.items()}}]}


def test_the_default_rules_keep_their_order() -> None:
    assert rules("ip_filter_input") == [
        "ct state { established, related, untracked } accept",
        "ct state { invalid } drop",
        "meta l4proto 1 accept",
        "ip daddr 127.0.0.1/32 accept",
        'iifname != { "lan" } drop',
    ]
    assert rules("ip_filter_forward")[-1] == 'iifname { "wan" } ct state { new } ct status & dnat == 0 drop'
    assert rules("ip_nat_srcnat") == ['oifname { "wan" } masquerade']


@pytest.mark.parametrize(
    ("matchers", "said"),
    [
        ({"protocol": "udp", "dst_port": "13231,5000-6000"}, "meta l4proto 17 th dport { 13231, 5000-6000 } accept"),
        ({"src_address": "!10.0.0.0/24", "action": "drop"}, "ip saddr != 10.0.0.0/24 drop"),
        ({"src_address": "10.0.0.1-10.0.0.3"}, "ip saddr 10.0.0.1-10.0.0.3 accept"),
        ({"connection_state": "!new"}, "ct state != { new } accept"),
        ({"in_interface": "wg0"}, 'iifname { "wg0" } accept'),
        ({"in_interface": "!ether1"}, 'iifname != { "wan" } accept'),
        ({"in_interface_list": "all"}, "accept"),
        ({"in_interface": "!ether3"}, "accept"),
        ({"action": "jump", "jump_target": "my chain"}, f"jump ip_filter_{b'my chain'.hex()}"),
        ({"action": "reject", "reject_with": "tcp-reset", "protocol": "tcp"}, "meta l4proto 6 reject with tcp reset"),
        ({"src_address_list": "nobody", "action": "passthrough"}, None),
        ({"in_interface": "ether3"}, None),
        ({"disabled": "yes"}, None),
        ({"ipsec_policy": "in,ipsec"}, None),
    ],
)  # fmt: skip
def test_a_rule_says_what_it_says(matchers: dict[str, str], said: str | None) -> None:
    added = rules("ip_filter_input", **rule(**matchers))[5:]
    assert added == ([] if said is None else [said])


def test_a_rule_that_cannot_be_said_is_told_and_left_out() -> None:
    config = configuration(**rule(nth="2,1"))
    text, problems = ruleset(config, links(config, PORTS))
    assert problems == ["filter rule *C is not realised: nth=2,1"]
    assert text.count("accept") == ruleset(configuration(), links(configuration(), PORTS))[0].count("accept")


def test_a_list_holds_what_it_includes_but_not_what_it_excludes() -> None:
    config = configuration(
        **{
            "/interface/list": [
                {"name": "both", "include": "LAN,WAN"},
                {"name": "less", "include": "both", "exclude": "WAN"},
            ],
            "/interface/list/member": [{"list": "less", "interface": "wg0"}],
        }
    )
    found = links(config, PORTS)
    assert (found.of_list("both"), found.of_list("less")) == (["lan", "wan"], ["lan", "wg0"])


def test_a_bridge_without_a_link_is_its_first_connected_port() -> None:
    assert links(configuration(), {"ether1": "wan", "ether2": "eth7"}).of("bridge") == "eth7"


def test_addresses_and_routes_of_rows_in_use_are_wanted() -> None:
    config = configuration(
        **{
            "/ip/address": [
                {"interface": "wg0", "address": "10.0.0.1/24"},
                {"interface": "wg0", "address": "10.5.0.1", "network": "10.5.0.2"},
                {"interface": "ether1", "address": "10.1.0.1/24", "disabled": "yes"},
                {"interface": "ether4", "address": "10.2.0.1/24"},
            ],
            "/ip/route": [
                {"dst-address": "10.9.0.0/16", "gateway": "wg0"},
                {"dst-address": "10.8.0.0/16", "gateway": "10.0.0.7", "distance": "5"},
                {"dst-address": "10.7.0.0/16", "gateway": "172.16.0.1"},
                {"dst-address": "10.6.0.0/16", "blackhole": ""},
            ],
            "/ipv6/route": [{"dst-address": "fd00:9::/64", "gateway": "wg0"}],
        }
    )
    found = links(config, PORTS)
    assert wanted_addresses(config, found) == {
        ("lan", "192.168.88.1/24", ""),
        ("wg0", "10.0.0.1/24", ""),
        ("wg0", "10.5.0.1/32", "10.5.0.2"),
    }
    assert wanted_routes(config, found) == {
        "10.9.0.0/16 table 254 metric 1 proto 177 dev wg0",
        "10.8.0.0/16 table 254 metric 5 proto 177 via 10.0.0.7 dev wg0",
        "blackhole 10.6.0.0/16 table 254 metric 1 proto 177",
        "fd00:9::/64 table 254 metric 1025 proto 177 dev wg0",
    }


def test_routes_of_a_table_that_is_disabled_or_has_no_fib_forward_nothing() -> None:
    tables = [{"name": "a", "fib": ""}, {"name": "b"}, {"name": "c", "fib": "", "disabled": "yes"}]
    routes = [{"dst-address": "10.9.0.0/16", "gateway": "wg0", "routing-table": table["name"]} for table in tables]
    config = configuration(**{"/routing/table": tables, "/ip/route": routes})
    found = wanted_routes(config, links(config, PORTS))
    assert [route.split(" metric")[0] for route in found] == [f"10.9.0.0/16 table {table_numbers(config)['a']}"]


def test_a_lookup_in_one_table_alone_ends_where_that_has_no_route() -> None:
    words = {"dst-address": "10.9.0.0/16", "table": "main"}
    config = configuration(**{"/routing/rule": [{**words, "action": "lookup-only-in-table"}, words]})
    assert wanted_rules(config, links(config, PORTS)) == {
        "-4 priority 10000 to 10.9.0.0/16 lookup 254 protocol 177",
        "-4 priority 10001 to 10.9.0.0/16 unreachable protocol 177",
        "-4 priority 10002 to 10.9.0.0/16 lookup 254 protocol 177",
    }


def test_addresses_of_other_links_are_not_ours() -> None:
    shown: list[dict[str, Any]] = [
        {"ifname": "wan", "addr_info": [{"local": "10.0.0.1", "prefixlen": 24}, {"local": "fe80::1", "scope": "link"}]},
        {"ifname": "docker0", "addr_info": [{"local": "172.17.0.1", "prefixlen": 16}]},
    ]
    assert present_addresses(shown, {"wan"}) == {("wan", "10.0.0.1/24", "")}


def test_a_responder_dials_nobody() -> None:
    row = {"interface": "wg0", "allowed-address": "10.0.0.2/32", "endpoint-address": "192.0.2.1", "endpoint-port": "1"}
    menus = {
        "/interface/wireguard/peers": [
            {**row, "public-key": "A" * 42 + "E=", "persistent-keepalive": "25"},
            {**row, "public-key": "A" * 42 + "I=", "persistent-keepalive": "25", "responder": "yes"},
            {**row, "public-key": "A" * 42 + "M=", "disabled": "yes"},
        ]
    }
    config = configuration(**menus)
    peers = wanted_devices(config, links(config, PORTS))["wg0"].peers
    none = "A" * 43 + "="
    assert list(peers.values()) == [
        DevicePeer(("10.0.0.2/32",), none, "192.0.2.1:1", 25),
        DevicePeer(("10.0.0.2/32",), none, "", 0),
    ]


@pytest.mark.skipif(shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin") is None, reason="nft is not installed")
def test_nft_understands_the_text() -> None:
    config = configuration(**rule(protocol="tcp", dst_port="22", src_address_list="x", action="reject"))
    text, _problems = ruleset(config, links(config, PORTS))
    command = ["unshare", "--user", "--map-root-user", "--net", "nft", "--check", "-f", "-"]
    environment = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, json.dumps(done.stderr)


def test_what_the_data_plane_cannot_do_fails_the_test() -> None:
    enter = plane_flags(["false"], ether1="wan")  # no tool can be run
    with pytest.raises(RouterFailed, match=r"'sysctl .*' failed"), simulator(*enter):
        pass


def test_what_a_test_has_asked_for_does_not_fail_it() -> None:
    with simulator(*plane_flags(["false"], ether1="wan")) as router:
        assert "'nft -f -' failed" in router.problems()[0]
        router.seed(**rule(action="drop", nth="2,1"))
        assert "filter rule *1 is not realised: nth=2,1" in router.problems()[0]
        assert router.problems() == []


def test_a_test_that_fails_says_its_own_reason() -> None:
    with pytest.raises(KeyError, match="its own"), simulator(*plane_flags(["false"], ether1="wan")):
        raise KeyError("its own")


def test_a_router_that_nobody_asked_exits_with_its_failure() -> None:
    command = command_line(*plane_flags(["false"], ether1="wan"))
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "routeros: 'nft -f -' failed" in done.stderr
