# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with clients, gateways and preshared keys."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verify
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    client_network_data,
    derive,
    key_text,
    offices,
)

ALICE = ("clients.alice", {"via": ["office1"]})
GATEWAY = ("gateways.office1", {})
USE = ("members.branch.gateway", "office1")
OUTSIDER = {"external": True, "endpoint": "192.0.2.9", "public_key": key_text("partner")}
PARTNER = ("members.partner", OUTSIDER)


def problems(*changes: tuple[str, Any]) -> list[str]:
    found = [str(problem) for problem in verify(offices(*changes), derive=derive)]
    return [problem.replace("wireguard_networks.corp.", "", 1) for problem in found]


def test_sound_clients_and_gateways_have_no_problem() -> None:
    client = {"via": ["office1", "office2"], "profile": "full", "address": ["10.255.255.9"], "expires": "2020-01-01"}
    assert problems(GATEWAY, USE, ("clients.alice", client), ("psk", "per_pair")) == []


@given(client_network_data())
def test_every_random_sound_network_with_clients_has_no_problem(data: dict[str, Any]) -> None:
    assert verify(data, hosts=data["net"]["members"], derive=derive) == []


CLIENTS: list[tuple[dict[str, Any], str]] = [
    ({"via": ["nobody"]}, "clients.alice.via[0]: 'nobody' is no member of this network"),
    ({"via": ["office1", "partner"]}, "clients.alice.via[1]: partner is not configured from here"),
    ({"via": ["branch"]}, "clients.alice.via[0]: branch cannot be dialled"),
    ({"via": ["office1", "office1"]}, "clients.alice.via[1]: office1 is there twice"),
    ({"profile": "full", "via": ["office2", "office1"]}, "clients.alice.profile: full needs a way out: office2"),
    ({"address": ["10.255.255.2"]}, "clients.alice.address[0]: 10.255.255.2 is the address of office2 too"),
    ({"address": ["10.9.0.1"]}, "clients.alice.address[0]: 10.9.0.1 is outside of the pool"),
    ({"address": ["10.255.255.0"]}, "clients.alice.address[0]: 10.255.255.0 is not for members"),
    ({"mtu": 1279}, "clients.alice.mtu: 1279 is too small for IPv6"),
    ({"public_key": key_text("partner")}, "clients.alice.public_key: is the same as that of partner"),
    (
        {"public_key": key_text("secret"), "private_key": key_text("secret")},
        "clients.alice.public_key: is the private key of alice",
    ),
    (
        {"public_key": key_text("one"), "private_key": key_text("secret")},
        "clients.alice.public_key: does not belong to the private key beside it",
    ),
    ({"networks": ["192.0.2.0/24"]}, "clients.alice.via[0]: the endpoint of office1 lies in 192.0.2.0/24, so that"),
]


@pytest.mark.parametrize(("client", "expected"), CLIENTS)
def test_each_fault_of_a_client_is_one_problem_at_its_place(client: dict[str, Any], expected: str) -> None:
    (problem,) = problems(GATEWAY, PARTNER, ("clients.alice", {"via": ["office1"], **client}))
    assert problem.startswith(expected)
    assert key_text("secret") not in problem


@pytest.mark.parametrize("networks", [["0.0.0.0/0"], ["0.0.0.0/0", "::/0"]])
def test_a_client_may_name_everything_by_family_if_its_first_server_is_a_gateway(networks: list[str]) -> None:
    alice = ("clients.alice", {"via": ["office1"], "networks": networks})
    assert problems(alice, ("gateways.office1", {"families": ["ipv4"]})) == []
    assert [problem.partition(" is reached by no server")[0] for problem in problems(alice)] == [
        f"clients.alice.networks[{index}]: {prefix}" for index, prefix in enumerate(networks)
    ]


def test_a_full_tunnel_is_wide_enough_for_ipv6_though_its_network_has_none() -> None:
    ipv4 = ("pool", ["10.255.255.0/24"]), ("members.branch.routes", ["192.168.88.0/24"])
    narrow = {"via": ["office1"], "mtu": 1279}
    (problem,) = problems(GATEWAY, *ipv4, ("clients.alice", {**narrow, "profile": "full"}))
    assert problem == (
        "clients.alice.mtu: 1279 is too small for IPv6, which a full tunnel takes too: at least 1280, or networks:"
        " [0.0.0.0/0] in place of profile: full"
    )
    assert problems(GATEWAY, *ipv4, ("clients.alice", {**narrow, "networks": ["0.0.0.0/0"]})) == []


def test_a_prefix_that_no_server_of_a_client_could_do_anything_with_is_found() -> None:
    client = ("clients.alice", {"via": ["office1"], "networks": ["10.1.0.0/16", "10.77.0.0/24", "fd77::/64"]})
    assert problems(client) == [
        f"clients.alice.networks[{index}]: {prefix} is reached by no server of this client: it is behind no member, and"
        f" office1 lets nothing of {family} out"
        for index, prefix, family in ((1, "10.77.0.0/24", "IPv4"), (2, "fd77::/64", "IPv6"))
    ]
    (problem,) = problems(client, ("gateways.office1", {"families": ["ipv4"]}))
    assert problem.startswith("clients.alice.networks[2]: fd77::/64")
    assert problems(client, GATEWAY) == []


@pytest.mark.parametrize("network", ["10.255.255.0/24", "192.168.88.0/24", "10.1.101.128/25", "0.0.0.0/1", "fd88::/60"])
def test_a_prefix_of_which_any_part_is_behind_a_server_or_in_the_tunnel_is_no_problem(network: str) -> None:
    assert problems(("clients.alice", {"via": ["office1", "office2"], "networks": [network]})) == []


def test_clients_and_members_share_one_space_of_names() -> None:
    (problem,) = problems(("clients.branch", {"via": ["office1"]}))
    assert problem.startswith("clients.branch: is the name of a member too")


def test_two_clients_do_not_share_an_address() -> None:
    one = {"via": ["office1"], "address": ["10.255.255.9"]}
    assert problems(("clients.alice", one), ("clients.bob", one)) == [
        "clients.bob.address[0]: 10.255.255.9 is the address of alice too"
    ]


def test_an_endpoint_among_what_a_server_reaches_is_found_for_clients_too() -> None:
    data = {
        "corp": {
            "pool": ["10.9.0.0/24"],
            "members": {"server": {"endpoint": "10.1.0.1", "routes": ["10.1.0.0/16"]}},
            "clients": {"alice": {"via": ["server"]}},
        }
    }
    (problem,) = verify(data)
    assert problem.place == "wireguard_networks.corp.clients.alice.via[0]"


GATEWAYS: list[tuple[list[tuple[str, Any]], str]] = [
    ([("gateways.nobody", {})], "gateways.nobody: is no member of this network"),
    ([("gateways.partner", {}), PARTNER], "gateways.partner: is not configured from here"),
    ([("gateways.office1", {"out_interface": "wg0"})], "gateways.office1.out_interface: wg0 is the tunnel itself"),
    ([("gateways.office1", {"proxy_arp": ["lan", "wg0"]})], "gateways.office1.proxy_arp: wg0 is the tunnel itself"),
    (
        [("gateways.office1", {"families": ["ipv4"], "snat": ["2001:db8::1"]})],
        "gateways.office1.snat[0]: 2001:db8::1: nothing of IPv6 is let out here",
    ),
    ([USE], "members.branch.gateway: office1 is none of the gateways"),
    ([GATEWAY, ("members.office1.gateway", "office1")], "members.office1.gateway: is the member itself"),
    (
        [GATEWAY, USE, ("topology", "hub_spoke"), ("hub", "office2")],
        "members.branch.gateway: office1 is not linked to branch",
    ),
    (
        [("gateways.office1", {"families": ["ipv6"]}), USE, ("pool", ["10.255.255.0/24"])],
        "members.branch.gateway: office1 lets out no family of which the pool has addresses",
    ),
    (
        [("gateways.branch", {}), ("members.office1.gateway", {"via": "branch", "method": "rule"})],
        "members.office1.gateway.method: rule needs a gateway with an endpoint",
    ),
    (
        [GATEWAY, ("members.branch.gateway", {"via": "office1", "method": "halves"}), ("persist", "networkd")],
        "members.branch.gateway.method: halves changes routes of other links",
    ),
    (
        [
            GATEWAY,
            ("members.branch.gateway", {"via": "office1", "kill_switch": True}),
            ("members.branch.split", {"mode": "only", "prefixes": ["10.0.0.0/8"]}),
        ],
        "members.branch.gateway.kill_switch: is for a whole default route",
    ),
    (
        [
            GATEWAY,
            ("members.branch.gateway", {"via": "office1", "kill_switch": True}),
            ("members.office1.endpoint", "vpn.example:13231"),
        ],
        "members.branch.gateway.kill_switch: office1 is dialled by a name",
    ),
    (
        [("psk", "per_pair"), ("members.office2", OUTSIDER), ("members.branch", None)],
        "psk: per_pair protects nothing here",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), GATEWAYS)
def test_each_fault_of_a_gateway_is_one_problem_at_its_place(changes: list[tuple[str, Any]], expected: str) -> None:
    (problem,) = problems(*changes)
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("endpoint", "use"),
    [
        ("192.0.2.1", {"via": "office1", "kill_switch": True}),
        ("[2001:db8::1]", {"via": "office1", "kill_switch": True}),
        ("vpn.example", {"via": "office1", "kill_switch": True, "keep": ["192.0.2.53/32"]}),
        ("vpn.example", {"via": "office1"}),
    ],
)
def test_a_kill_switch_lets_a_host_find_its_gateway_by_an_address_or_by_what_it_keeps(
    endpoint: str, use: dict[str, Any]
) -> None:
    assert problems(GATEWAY, ("members.branch.gateway", use), ("members.office1.endpoint", endpoint)) == []


def test_two_gateways_that_use_each_other_let_nobody_out() -> None:
    found = problems(GATEWAY, ("gateways.office2", {}), *_each_other())
    assert [problem.partition(":")[0] for problem in found] == ["members.office1.gateway", "members.office2.gateway"]
    assert "in turn" in found[0]


CASCADE: list[tuple[str, Any]] = [GATEWAY, USE, ("gateways.office2", {}), ("members.office1.gateway", "office2")]


def test_a_gateway_whose_own_gateway_has_the_member_at_another_peer_lets_it_not_out() -> None:
    (problem,) = problems(*CASCADE)
    assert problem == (
        "members.branch.gateway: office1 sends everything on to office2, which takes nothing of branch from it: choose"
        " office2 here, or take gateway from office1"
    )


def test_each_gateway_on_the_way_out_takes_the_member_from_the_one_before() -> None:
    assert problems(*CASCADE, ("topology", "hub_spoke"), ("hub", "office1")) == []
    links = [["branch", "office1"], ["office1", "office2"], ["office2", "far"]]
    far = ("members.far", {"endpoint": "192.0.2.4"})
    further = [("gateways.far", {}), far, ("members.office2.gateway", "far")]
    found = problems(*CASCADE, *further, ("topology", "links"), ("links", links))
    assert [problem.partition(", which")[0] for problem in found] == [
        "members.office1.gateway: office2 sends everything on to far",
        "members.branch.gateway: office1 sends everything on to office2",
    ]


def test_a_gateway_may_split_off_a_part_through_another() -> None:
    split = {"mode": "only", "prefixes": ["203.0.113.0/24"]}
    assert problems(*CASCADE, ("members.office1.split", split)) == []


def test_a_client_is_taken_from_its_first_server_also_where_that_has_a_gateway() -> None:
    cascade = [("gateways.office1", {}), *CASCADE[2:], ("clients.alice", {"via": ["office1"], "profile": "full"})]
    assert problems(*cascade) == []


def test_who_goes_out_by_gateways_that_lead_back_is_not_told_so_again() -> None:
    found = problems(GATEWAY, ("gateways.office2", {}), USE, *_each_other())
    assert [problem.partition(":")[0] for problem in found] == ["members.office1.gateway", "members.office2.gateway"]


def _each_other() -> list[tuple[str, Any]]:
    return [("members.office1.gateway", "office2"), ("members.office2.gateway", "office1")]


def second_network(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Give another network of the same members."""
    other: dict[str, Any] = offices(*changes, ("interface", "wg1"), ("port", 13232), ("pool", ["10.9.0.0/24"]))["corp"]
    for name, octet in (("office1", 3), ("office2", 4), ("branch", 5)):
        other["members"][name].pop("address", None)
        other["members"][name]["routes"] = []
        if name != "branch":
            other["members"][name]["endpoint"] = f"192.0.2.{octet}"
    return other


def test_one_host_has_one_default_route() -> None:
    changes: list[tuple[str, Any]] = [GATEWAY, USE]
    other = second_network(*changes)
    assert [str(problem) for problem in verify({**offices(*changes), "lab": other})] == [
        (
            "wireguard_networks.lab.members.branch.gateway: "
            "this host has its default route through the network corp already"
        )
    ]
    other["members"]["branch"]["split"] = {"mode": "only", "prefixes": ["10.0.0.0/8"]}
    assert verify({**offices(*changes), "lab": other}) == []


def test_one_host_splits_through_one_network_and_may_ask_for_names_in_two() -> None:
    dns = ("members.branch.dns", [{"servers": ["10.9.0.1"], "domains": ["corp.example"]}])
    split = ("members.branch.split", {"mode": "only", "prefixes": ["192.0.2.0/24"]})
    both = {**offices(GATEWAY, USE, split, dns), "lab": second_network(GATEWAY, USE, split, dns)}
    assert [str(problem) for problem in verify(both)] == [
        "wireguard_networks.lab.members.branch.split: this host has a split tunnel through the network corp already"
    ]
    assert verify({**offices(GATEWAY, USE, split, dns), "lab": second_network(dns)}) == []
    assert verify({**offices(dns), "lab": second_network(dns)}) == []


def test_all_problems_of_clients_are_reported_at_once() -> None:
    found = problems(
        ("clients.alice", {"via": ["nobody"], "expires": "soon"}),
        ("clients.bob", {"via": ["branch"], "address": ["10.255.255.2"]}),
        ("members.branch.gateway", "office2"),
    )
    assert [problem.partition(":")[0] for problem in found] == [
        "clients.alice.expires",
        "clients.bob.address[0]",
        "clients.alice.via[0]",
        "clients.bob.via[0]",
        "members.branch.gateway",
    ]


def test_a_thousand_clients_are_verified_in_a_second() -> None:
    members = {
        f"m{number}": {"endpoint": f"192.0.2.{number + 1}", "routes": [f"172.16.{number}.0/24"]}
        for number in range(100)
    }
    clients = {f"c{number}": {"via": [f"m{number % 100}"]} for number in range(1000)}
    start = time.process_time()
    assert verify({"net": {"pool": ["10.0.0.0/16"], "members": members, "clients": clients}}, list(members)) == []
    assert time.process_time() - start < 3
