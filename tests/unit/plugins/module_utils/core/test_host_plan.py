# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import read_needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import given as present_value
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    desired_interface,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_plan import (
    host_networks,
    withdrawn,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_rendering import (
    render_host_network,
    render_outline,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.reachability import announced
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    found_keys,
    key_text,
    network_data,
    offices,
    settled,
)


def compiled(host: str, *changes: tuple[str, Any]) -> dict[str, Any]:
    """Give what a host shall have of the small network."""
    declaration = parse_declaration(offices(*changes))
    (item,) = host_networks(declaration, settled(declaration), host)
    return render_host_network(item)


def peers(host: str, *changes: tuple[str, Any]) -> dict[str, dict[str, Any]]:
    return {peer["name"]: peer for peer in compiled(host, *changes)["interface"]["peers"]}


def test_a_host_gets_exactly_this() -> None:
    openings = {
        "forwarding": ["ipv4"],
        "listen_ports": [13231],
        "forward_pairs": [
            {"local": "10.1.101.0/24", "remote": remote, "interface": "wg0"}
            for remote in ("10.1.202.0/24", "10.255.255.1/32", "10.255.255.3/32", "192.168.88.0/24")
        ],
    }
    assert compiled("office2", ("mtu", 1400), ("persist", "wg_quick")) == {
        "network": "corp",
        "present": True,
        "needs_key": False,
        "interface": {
            "name": "wg0",
            "state": "present",
            "expected_public_key": key_text("office2 in corp"),
            "listen_port": 13231,
            "enabled": True,
            "mtu": 1400,
            "persist": "wg_quick",
            "addresses": ["10.255.255.2/24", "fd66::2/64"],
            "routes": ["10.1.202.0/24", "192.168.88.0/24", "fd88::/64"],
            "purge_peers": True,
            "peers": [
                {
                    "name": "office1",
                    "public_key": key_text("office1 in corp"),
                    "allowed_ips": ["10.1.202.0/24", "10.255.255.1/32", "fd66::1/128"],
                    "endpoint_host": "192.0.2.1",
                    "endpoint_port": 13231,
                    "persistent_keepalive": 0,
                    "preshared_key": "",
                },
                {
                    "name": "branch",
                    "public_key": key_text("branch in corp"),
                    "allowed_ips": ["10.255.255.3/32", "192.168.88.0/24", "fd66::3/128", "fd88::/64"],
                    "endpoint_host": "",
                    "persistent_keepalive": 0,
                    "preshared_key": "",
                },
            ],
            "gateway": openings,
        },
        "split_tunnel": {},
        "missing": [],
        "expired": [],
    }


def test_a_member_that_cannot_be_dialled_opens_no_port() -> None:
    assert compiled("branch")["interface"]["gateway"]["listen_ports"] == []


def test_a_hub_forwards_between_its_spokes_too() -> None:
    declaration = parse_declaration(offices(("topology", "hub_spoke"), ("hub", "office1")))
    (hub,) = host_networks(declaration, settled(declaration), "office1")
    pairs = {(str(local), str(remote)) for local, remote in hub.openings.forward_pairs}
    assert {("10.1.101.0/24", "192.168.88.0/24"), ("10.1.202.0/24", "10.1.101.0/24")} <= pairs
    assert all(local != remote and (remote, local) not in pairs for local, remote in pairs)


def test_the_side_that_cannot_be_dialled_sends_keepalives() -> None:
    assert {peer["persistent_keepalive"] for peer in peers("branch").values()} == {25}
    assert {peer["persistent_keepalive"] for peer in peers("office1").values()} == {0}
    assert {peer["persistent_keepalive"] for peer in peers("branch", ("members.branch.keepalive", 7)).values()} == {7}


def test_a_host_forwards_the_families_that_are_behind_it() -> None:
    assert compiled("branch")["interface"]["gateway"]["forwarding"] == ["ipv4", "ipv6"]
    assert compiled("branch", ("members.branch.routes", []))["interface"]["gateway"]["forwarding"] == []


def test_the_hub_carries_the_others_and_forwards() -> None:
    hub = [("topology", "hub_spoke"), ("hub", "office1")]
    spoke = peers("branch", *hub)
    assert list(spoke) == ["office1"]
    assert "10.1.101.0/24" in spoke["office1"]["allowed_ips"]
    assert "10.255.255.2/32" in spoke["office1"]["allowed_ips"]
    assert list(peers("office1", *hub)) == ["office2", "branch"]
    assert compiled("office1", *hub)["interface"]["gateway"]["forwarding"] == ["ipv4", "ipv6"]


def test_the_relay_carries_only_those_who_cannot_dial_each_other() -> None:
    relay = [("relay", "office1"), ("members.home", {"nat": True, "routes": ["10.5.0.0/16"]})]
    branch = peers("branch", *relay)
    assert list(branch) == ["office1", "office2"]
    assert "10.5.0.0/16" in branch["office1"]["allowed_ips"]
    assert list(peers("office2", *relay)) == ["office1", "branch", "home"]
    assert peers("office2", *relay)["office1"]["allowed_ips"] == ["10.1.202.0/24", "10.255.255.1/32", "fd66::1/128"]


def test_with_links_a_relay_is_linked_to_those_it_serves() -> None:
    changes = [
        ("members.home", {"nat": True}),
        ("topology", "links"),
        ("links", [["branch", "home"]]),
        ("relay", "office2"),
    ]
    assert list(peers("branch", *changes)) == ["office2"]
    assert list(peers("office2", *changes)) == ["branch", "home"]
    assert list(peers("office1", *changes)) == []


def test_own_addresses_of_full_length_make_routes_to_every_peer() -> None:
    routes = compiled("office2", ("members.office2.address", ["10.255.255.2/32", "fd66::2/128"]))["interface"]["routes"]
    assert {"10.255.255.1/32", "fd66::1/128"} <= set(routes)


def test_an_outsider_is_a_peer_and_has_no_plan() -> None:
    outsider = {"external": True, "public_key": key_text("p"), "endpoint": "[2001:db8::1]:99", "address": []}
    changes = ("members.partner", {**outsider, "routes": ["172.20.0.0/16"]})
    declaration = parse_declaration(offices(changes))
    assert host_networks(declaration, settled(declaration), "partner") == []
    peer = peers("office1", changes)["partner"]
    assert (peer["endpoint_host"], peer["endpoint_port"]) == ("2001:db8::1", 99)
    assert (peer["public_key"], peer["allowed_ips"]) == (key_text("p"), ["172.20.0.0/16"])


def test_a_member_without_a_known_key_is_left_out_and_named() -> None:
    declaration = parse_declaration(offices())
    found = {host: keys for host, keys in found_keys(declaration).items() if host != "branch"}
    registry = settle(declaration, {}, found).registry
    (item,) = host_networks(declaration, registry, "office1")
    assert [peer.name for peer in item.desired.peers] == ["office2"]
    assert item.missing == ("branch",)
    assert item.desired.purge_peers is False, "the peer whose key is not known may be among those that would go"
    (own,) = host_networks(declaration, registry, "branch")
    assert (own.needs_key, item.needs_key) == (True, False), "a key is made only where none is pinned"
    assert "expected_public_key" not in render_host_network(own)["interface"]


def test_an_unsettled_registry_is_refused_so_that_nothing_is_purged() -> None:
    declaration = parse_declaration(offices())
    with pytest.raises(InvalidInput) as caught:
        host_networks(declaration, {}, "office1")
    assert [problem.place.rpartition(".")[2] for problem in caught.value.problems] == ["office1", "office2", "branch"]


def after(before: Declaration, declaration: Declaration) -> Registry:
    return settle(declaration, settled(before)).registry


def test_who_left_has_its_interface_removed_and_nobody_has_it_as_peer() -> None:
    declaration = parse_declaration(offices(("members.branch", None)))
    registry = after(parse_declaration(offices()), declaration)
    (gone,) = host_networks(declaration, registry, "branch")
    assert render_host_network(gone) == {
        "network": "corp",
        "present": False,
        "needs_key": False,
        "interface": {"name": "wg0", "state": "absent", "expected_public_key": key_text("branch in corp")},
        "split_tunnel": {},
        "missing": [],
        "expired": [],
    }
    (stays,) = host_networks(declaration, registry, "office1")
    assert [peer.name for peer in stays.desired.peers] == ["office2"]


def test_a_renamed_interface_is_removed_before_the_new_one_is_made() -> None:
    declaration = parse_declaration(offices(("interface", "wg7")))
    items = host_networks(declaration, after(parse_declaration(offices()), declaration), "office1")
    assert [(item.desired.name, item.desired.present) for item in items] == [("wg0", False), ("wg7", True)]


def test_the_key_of_a_router_is_not_that_of_an_interface_with_another_name() -> None:
    declaration = parse_declaration(offices(("interface", "wg7")))
    former, renamed = host_networks(declaration, after(parse_declaration(offices()), declaration), "office1")
    for platform, is_another in (("routeros", True), ("linux", False)):
        outline = render_outline(renamed, platform)
        assert (outline["needs_key"], outline["renews_key"]) == (is_another, is_another)
        expected = [
            "expected_public_key" in render_host_network(item, platform=platform)["interface"]
            for item in (former, renamed)
        ]
        assert expected == [not is_another, True]


def test_a_supplied_key_serves_under_another_name() -> None:
    change = ("members.office1.private_key", key_text("private of office1"))
    before, declaration = (parse_declaration(offices(change, *more)) for more in ((), (("interface", "wg7"),)))
    renamed = host_networks(declaration, after(before, declaration), "office1")[-1]
    assert not render_outline(renamed, "routeros")["renews_key"]


def test_an_interface_that_another_network_took_over_is_not_removed() -> None:
    declaration = parse_declaration({"renamed": offices()["corp"]})
    items = host_networks(declaration, after(parse_declaration(offices()), declaration), "office1")
    assert [(item.network, item.desired.present) for item in items] == [("renamed", True)]


def test_teardown_is_the_same_interfaces_absent() -> None:
    declaration = parse_declaration(offices())
    (item,) = host_networks(declaration, settled(declaration), "office1")
    assert render_host_network(withdrawn(item), "/etc/wireguard")["interface"] == {
        "name": "wg0",
        "state": "absent",
        "expected_public_key": key_text("office1 in corp"),
    }


@pytest.mark.parametrize(("host", "is_gateway"), [("office1", True), ("office2", False)])
def test_the_outline_says_what_is_done_and_nothing_of_how(host: str, is_gateway: bool) -> None:
    declaration = parse_declaration(offices(("gateways.office1", {}), ("psk", "per_pair")))
    (item,) = host_networks(declaration, settled(declaration), host, secret="correct horse battery staple")
    assert render_outline(item) == {
        "network": "corp",
        "present": True,
        "needs_key": False,
        "renews_key": False,
        "interface": "wg0",
        "is_gateway": is_gateway,
        "split_tunnel": {},
    }
    assert not render_outline(withdrawn(item))["is_gateway"]


def test_a_key_directory_names_one_file_for_each_network() -> None:
    declaration = parse_declaration(offices())
    (item,) = host_networks(declaration, settled(declaration), "office1")
    interface = render_host_network(item, "/etc/wireguard")["interface"]
    assert interface["private_key_file"] == "/etc/wireguard/corp.key"


def test_a_supplied_private_key_is_in_no_plan() -> None:
    secret = key_text("secret")
    assert secret not in json.dumps(compiled("branch", ("members.branch.private_key", secret)))


@given(network_data())
def test_every_plan_is_accepted_by_the_interface_module(data: dict[str, Any]) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    for host in declaration["net"].members:
        for item in host_networks(declaration, registry, host):
            options = render_host_network(item)["interface"]
            options.pop("expected_public_key", None)
            read_needs(options.pop("gateway", {}))
            assert desired_interface(options) == item.desired


@given(network_data())
def test_what_a_peer_may_send_is_what_it_announces(data: dict[str, Any]) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    network, pinned = declaration["net"], registry["net"]
    everything = parse_prefix("0.0.0.0/0"), parse_prefix("::/0")
    for host in network.members:
        for item in host_networks(declaration, registry, host):
            carried = reach(network, host)
            allowed = {peer.name: present_value(peer.allowed_ips, frozenset()) for peer in item.desired.peers}
            assert allowed == {
                peer: {prefix for name in names for prefix in announced(network, pinned, name)}
                for peer, names in carried.items()
            }
            prefixes = [prefix for some in allowed.values() for prefix in some]
            assert len(prefixes) == len(set(prefixes))
            assert not set(prefixes) & set(everything)


@given(network_data(topology="mesh"))
def test_in_a_mesh_everyone_reaches_everyone(data: dict[str, Any]) -> None:
    network = parse_declaration(data)["net"]
    for host in network.members:
        reached = [name for names in reach(network, host).values() for name in names]
        assert sorted([*reached, host]) == sorted(network.members)


@given(network_data())
def test_links_have_two_ends_and_one_of_them_can_be_dialled(data: dict[str, Any]) -> None:
    network = parse_declaration(data)["net"]
    for host in network.members:
        for peer in reach(network, host):
            assert host in reach(network, peer)
            assert network.members[host].dialable or network.members[peer].dialable


@given(network_data(), st.randoms())
def test_the_order_of_members_does_not_matter(data: dict[str, Any], random: Any) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    members = list(data["net"]["members"].items())
    random.shuffle(members)
    shuffled = parse_declaration({"net": {**data["net"], "members": dict(members)}})
    for host in declaration["net"].members:
        one, two = (
            [(item.desired.routes, set(item.desired.peers)) for item in host_networks(some, registry, host)]
            for some in (declaration, shuffled)
        )
        assert one == two


@given(network_data(), st.data())
def test_a_plan_does_not_depend_on_which_hosts_were_asked_in_the_run(data: dict[str, Any], draw: st.DataObject) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    found = found_keys(declaration)
    asked = draw.draw(st.sets(st.sampled_from(sorted(found)))) if found else set()
    limited = settle(declaration, registry, {host: found[host] for host in asked}).registry
    for host in declaration["net"].members:
        assert host_networks(declaration, limited, host) == host_networks(declaration, registry, host)
