# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verified, verify
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    derive,
    key_text,
    network_data,
    offices,
    public_key,
)

NAT = {"nat": True}
OUTSIDER = {"external": True, "endpoint": "192.0.2.9", "public_key": key_text("partner")}
HUB = ("topology", "hub_spoke")
LINKS = ("topology", "links")


@pytest.mark.parametrize("name", ["b\n", "b c", "", "b\x1b[2J", "b" * 256])
def test_a_members_name_fits_in_one_line_of_a_file(name: str) -> None:
    members = {"office1": {"endpoint": "192.0.2.1"}, name: {"endpoint": "192.0.2.2"}}
    (problem,) = verify({"corp": {"pool": ["10.0.0.0/24"], "members": members}})
    assert "is no name of a member" in problem.message


@pytest.mark.parametrize("name", ["a\n", "a/b", "../a", "", "a" * 64])
def test_a_networks_name_can_be_the_name_of_a_file(name: str) -> None:
    data = {name: {"interface": "wg0", "pool": ["10.0.0.0/24"], "members": {"a": {"endpoint": "192.0.2.1"}}}}
    (problem,) = verify(data)
    assert "is no name of a network" in problem.message


def problems(*changes: tuple[str, Any]) -> list[str]:
    found = [str(problem) for problem in verify(offices(*changes), derive=derive)]
    assert all(problem.startswith("wireguard_networks") for problem in found)
    return [problem.replace("wireguard_networks.corp.", "", 1) for problem in found]


def test_a_sound_declaration_has_no_problem() -> None:
    assert problems() == []


@given(network_data())
def test_every_random_sound_declaration_has_no_problem(data: dict[str, Any]) -> None:
    assert verify(data, hosts=data["net"]["members"], derive=derive) == []


FORM = [
    ("colour", "red", "colour: is not known here; known are client_reservation, clients, gateways, hub"),
    ("psk", "per_peer", "psk: must be one of none, per_pair"),
    ("members.branch.rotues", [], "members.branch.rotues: is not known here; did you mean routes? Known are address,"),
    ("members.branch.routes", ["10.1.0.7/16"], "members.branch.routes[0]: '10.1.0.7/16' is an address in a network"),
    ("pool", ["10.255.255.1/24"], "pool[0]: '10.255.255.1/24' is an address in a network: write 10.255.255.0/24"),
    ("interface", "a" * 16, "interface: must have 1 to 15 "),
    ("members.branch.interface", "wg/0", "members.branch.interface: must have 1 to 15 "),
    ("members.branch.interface", "wg 0", "members.branch.interface: must have 1 to 15 "),
    ("port", 70000, "port: must be a whole number from 1 to 65535"),
    ("port", 519000, "port: must be a whole number from 1 to 65535, not 519000"),
    ("port", "519000", "port: must be a whole number from 1 to 65535, not '519000'"),
    ("port", True, "port: must be a whole number from 1 to 65535, not 'True'"),
    ("keepalive", 70000, "keepalive: must be a whole number from 0 to 65535, not 70000"),
    ("members.branch.port", 0, "members.branch.port: must be a whole number from 1 to 65535"),
    ("keepalive", 65536, "keepalive: must be a whole number from 0 to 65535"),
    ("mtu", 1000000, "mtu: must be a whole number from 68 to 65535"),
    ("persist", "systemd", "persist: must be one of none, wg_quick, networkd"),
    ("topology", "star", "topology: must be one of mesh, hub_spoke, links"),
    ("pool", None, "pool: is missing"),
    ("pool", "10.0.0.0/24", "pool: must be a list"),
    ("pool", ["10.255.255.0/33"], "pool[0]: '10.255.255.0/33' is no prefix"),
    ("pool", ["0.0.0.0/0"], "pool[0]: '0.0.0.0/0' is the whole internet"),
    ("members", {}, "members: is missing"),
    ("members", ["a"], "members: must be a dictionary"),
    ("members.branch.routes", "10.1.0.0/16", "members.branch.routes: must be a list"),
    ("members.branch.routes", ["10.9.0.0/16", "10.1.0/16"], "members.branch.routes[1]: '10.1.0/16' is no prefix"),
    ("members.branch.routes", [7], "members.branch.routes[0]: '7' must be text"),
    ("members.branch.nat", "yes", "members.branch.nat: must be true or false"),
    ("members.office1.endpoint", "192.0.2.300", "members.office1.endpoint: is neither an address nor a host name"),
    ("members.office1.endpoint", "office1:0", "members.office1.endpoint: "),
    ("members.office1.endpoint", None, "members.office1.endpoint: is missing"),
    ("members.office1.nat", True, "members.office1.nat: contradicts endpoint"),
    ("members.branch.public_key", "AAAA", "members.branch.public_key: is no key: 3 bytes instead of 32"),
    ("members.branch.public_key", "not base64!", "members.branch.public_key: is no key: it is not valid base64"),
    ("members.x y", {"endpoint": "192.0.2.9"}, "members.x y: is no name of a member"),
    ("members.x", {**OUTSIDER, "public_key": None}, "members.x.public_key: is missing"),
    ("members.x", {**OUTSIDER, "private_key": key_text("x")}, "members.x.private_key: is not for an external member"),
    ("members.x", {**OUTSIDER, "endpoint": None}, "members.x.endpoint: is missing"),
    ("links", [["branch", "office1"]], "links: is only for topology: links"),
    ("hub", "office1", "hub: is only for topology: hub_spoke"),
    ("psk_epoch", 0, "psk_epoch: must be a whole number from 1"),
    ("client_reservation", -1, "client_reservation: must be a whole number from 0"),
    ("gateways", ["office1"], "gateways: must be a dictionary"),
    (
        "gateways.office1",
        {"masqerade": False},
        "gateways.office1.masqerade: is not known here; did you mean masquerade",
    ),
    ("gateways.office1", {"out_interface": "wan%0"}, "gateways.office1.out_interface: must be one line of 1 to 64"),
    ("gateways.office1", {"out_interface": 7}, "gateways.office1.out_interface: must be text"),
    ("gateways.office1", {"snat": ["wan"]}, "gateways.office1.snat[0]: 'wan' is no address"),
    (
        "gateways.office1",
        {"snat": ["192.0.2.7", "192.0.2.8"]},
        "gateways.office1.snat: has two addresses of one family",
    ),
    (
        "gateways.office1",
        {"snat": ["192.0.2.7"], "masquerade": True},
        "gateways.office1.masquerade: contradicts snat",
    ),
    ("gateways.office1", {"families": ["ipv5"]}, "gateways.office1.families[0]: 'ipv5' must be one of ipv4, ipv6"),
    ("gateways.office1", {"proxy_arp": ["a%b"]}, "gateways.office1.proxy_arp[0]: "),
    ("gateways.office1", {"serve_dns": "yes"}, "gateways.office1.serve_dns: must be true or false"),
    ("members.branch.gateway", ["office1"], "members.branch.gateway: must be the name of a gateway, or a dictionary"),
    ("members.branch.gateway", {"method": "rule"}, "members.branch.gateway.via: is missing"),
    ("members.branch.dns", [{"domains": ["corp.example"]}], "members.branch.dns[0].servers: is missing"),
    (
        "members.branch.dns",
        [{"servers": ["ns.example"]}],
        "members.branch.dns[0].servers[0]: 'ns.example' is no address",
    ),
    (
        "members.branch.dns",
        [{"servers": ["10.1.1.1"], "domains": ["a b"]}],
        "members.branch.dns[0].domains[0]: 'a b' is no name of a domain",
    ),
    ("members.branch.host_access", 1, "members.branch.host_access: must be true or false"),
    ("members.branch.firewall", "none", "members.branch.firewall: must be one of auto, own"),
    (
        "members.branch.split",
        {"mode": "only", "prefixes": ["10.0.0.0/8"]},
        "members.branch.split: needs gateway beside it",
    ),
    ("clients.a b", {"via": ["office1"]}, "clients.a b: is no name of a client"),
    ("clients.alice", {}, "clients.alice.via: is missing"),
    ("clients.alice", {"via": "office1"}, "clients.alice.via: must be a list"),
    ("clients.alice", {"via": ["office1"], "profil": "full"}, "clients.alice.profil: is not known here; did you mean"),
    ("clients.alice", {"via": ["office1"], "profile": "ful"}, "clients.alice.profile: must be one of split, full"),
    ("clients.alice", {"via": ["office1"], "platform": "ios"}, "clients.alice.platform: must be one of generic, "),
    ("clients.alice", {"via": ["office1"], "expires": "31.1.2027"}, "clients.alice.expires: must be a date, such as"),
    ("clients.alice", {"via": ["office1"], "expires": "2027-02-29"}, "clients.alice.expires: 2027-02-29 is no day"),
    ("clients.alice", {"via": ["office1"], "networks": []}, "clients.alice.networks: is empty"),
    (
        "clients.alice",
        {"via": ["office1"], "dns": ["dns.example"]},
        "clients.alice.dns[0]: 'dns.example' is no address",
    ),
    ("clients.alice", {"via": ["office1"], "search": ["-"]}, "clients.alice.search[0]: '-' is no name of a domain"),
    ("clients.alice", {"via": ["office1"], "public_key": "AAAA"}, "clients.alice.public_key: is no key"),
]
GATEWAY_AND_SPLIT = [
    ({}, "mode: is missing"),
    ({"mode": "some", "files": ["/x"]}, "mode: must be one of only, except"),
    ({"mode": "only"}, "split: names no addresses"),
    ({"prefixes": ["10.0.0.0/33"]}, "prefixes[0]: '10.0.0.0/33' is no prefix"),
    ({"files": ["list.txt"]}, "files[0]: 'list.txt' is no absolute path"),
    ({"rir": [{"countries": ["AU"]}]}, "rir[0].source: is missing"),
    ({"rir": [{"source": "/x", "countries": ["Australia"]}]}, "rir[0].countries[0]: 'Australia' is no country"),
    ({"shrink_limit": 101}, "shrink_limit: must be a whole number from 0 to 100"),
]
MEANING = [
    ("members.branch.address", ["10.255.254.1/24"], "members.branch.address[0]: 10.255.254.1 is outside of the pool"),
    (
        "members.branch.address",
        ["10.255.255.2/24"],
        "members.branch.address[0]: 10.255.255.2 is the address of office2",
    ),
    ("members.branch.address", ["10.255.255.255"], "members.branch.address[0]: 10.255.255.255 is not for members"),
    ("members.branch.address", ["10.255.255.9/8"], "members.branch.address[0]: 10.255.255.9/8 is wider than its pool"),
    ("mtu", 1279, "mtu: 1279 is too small for IPv6: at least 1280"),
    ("members.branch.mtu", 1279, "members.branch.mtu: 1279 is too small for IPv6: at least 1280"),
    (
        "members.branch.routes",
        ["10.1.202.0/24"],
        "members.branch.routes[0]: 10.1.202.0/24 overlaps 10.1.202.0/24 of office1",
    ),
    (
        "members.branch.routes",
        ["10.1.202.9"],
        "members.branch.routes[0]: 10.1.202.9/32 overlaps 10.1.202.0/24 of office1",
    ),
    (
        "members.branch.routes",
        ["10.255.255.0/25"],
        "members.branch.routes[0]: 10.255.255.0/25 overlaps the pool 10.255.255.0/24",
    ),
    (
        "members.branch.routes",
        ["10.254.0.0/15"],
        "members.branch.routes[0]: 10.254.0.0/15 overlaps the pool 10.255.255.0/24",
    ),
    ("pool", ["10.255.255.0/24", "10.255.0.0/16"], "pool[0]: 10.255.255.0/24 overlaps the pool 10.255.0.0/16"),
    (
        "members.office1.endpoint",
        "10.1.202.1",
        "members.office1.endpoint: lies in 10.1.202.0/24 of office1, so that office2",
    ),
    (
        "members.office1.endpoint",
        "10.1.101.1",
        "members.office1.endpoint: lies in 10.1.101.0/24 of office2, so that branch",
    ),
    (
        "members.office1.endpoint",
        "10.255.255.77",
        "members.office1.endpoint: lies in the pool 10.255.255.0/24, so that office2",
    ),
    (
        "members.office1.endpoint",
        "192.0.2.2",
        "members.office2.endpoint: 192.0.2.2:13231 is the endpoint of wireguard",
    ),
    ("members.home", NAT, "relay: is missing: branch, home cannot be dialled"),
    ("relay", "nobody", "relay: 'nobody' is no member of this network"),
    ("relay", "branch", "relay: branch cannot be dialled"),
]


@pytest.mark.parametrize(("path", "value", "expected"), FORM + MEANING)
def test_each_fault_is_one_problem_at_its_place(path: str, value: Any, expected: str) -> None:
    (problem,) = problems((path, value))
    assert problem.startswith(expected)


@pytest.mark.parametrize(("split", "expected"), GATEWAY_AND_SPLIT)
def test_each_fault_of_a_split_tunnel_is_at_its_place(split: dict[str, Any], expected: str) -> None:
    sound = {"mode": "only", "prefixes": ["10.0.0.0/8"]} if "mode" not in split and split else {}
    changes = [("gateways.office1", {}), ("members.branch.gateway", "office1")]
    found = problems(*changes, ("members.branch.split", {**sound, **split}))
    place = "members.branch." if expected.startswith("split") else "members.branch.split."
    assert found[0].startswith(place + expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([HUB], "hub: is missing: topology: hub_spoke needs it"),
        ([HUB, ("hub", "nobody")], "hub: 'nobody' is no member of this network"),
        ([HUB, ("hub", "branch")], "hub: branch cannot be dialled"),
        ([HUB, ("hub", "office1"), ("relay", "office2")], "relay: is not for topology: hub_spoke"),
        ([LINKS], "links: is missing: topology: links needs it"),
        ([LINKS, ("links", [["office1", "nobody"]])], "links[0]: 'nobody' is no member of this network"),
        ([LINKS, ("links", [["office1", "office1"]])], "links[0]: links office1 to itself"),
        ([LINKS, ("links", [["office1", "office2"], ["office2", "office1"]])], "links[1]: is the same as links[0]"),
        ([LINKS, ("links", [["office1"]])], "links[0]: is no link: write [MEMBER, MEMBER]"),
        ([LINKS, ("links", [["branch", "home"]]), ("members.home", NAT)], "links[0]: needs a relay"),
    ],
)
def test_a_wrong_topology_is_one_problem(changes: list[tuple[str, Any]], expected: str) -> None:
    (problem,) = problems(*changes)
    assert problem.startswith(expected)


def test_all_problems_are_reported_at_once() -> None:
    found = problems(("port", 70000), ("members.office1.routes", ["10.1.0.0/33"]), ("members.home", NAT), ("mtu", 70))
    assert [problem.partition(":")[0] for problem in found] == ["port", "members.office1.routes[0]", "relay", "mtu"]


def test_a_member_that_is_no_host_is_a_problem_unless_it_is_external() -> None:
    hosts = ["office1", "office2"]
    assert [str(problem) for problem in verify(offices(("members.partner", OUTSIDER)), hosts)] == [
        "wireguard_networks.corp.members.branch: is no host of the inventory; if it is not ours, say external: true"
    ]


def test_a_private_key_in_place_of_the_public_one_is_found_and_not_shown() -> None:
    secret = key_text("secret")
    (own,) = problems(("members.branch.private_key", secret), ("members.branch.public_key", secret))
    assert own.startswith("members.branch.public_key: is the private key of branch")
    (other,) = problems(("members.branch.private_key", secret), ("members.x", {**OUTSIDER, "public_key": secret}))
    assert other.startswith("members.x.public_key: is the private key of branch")
    assert secret not in own + other


def test_a_public_key_that_does_not_belong_to_the_private_one_is_found() -> None:
    secret = ("members.branch.private_key", key_text("secret"))
    fitting = str(derive(PrivateKey(public_key("secret").raw)))
    assert problems(secret, ("members.branch.public_key", fitting)) == []
    assert problems(secret, ("members.branch.public_key", key_text("other"))) == [
        "members.branch.public_key: does not belong to the private key beside it"
    ]


def test_a_secret_at_the_wrong_place_is_not_shown() -> None:
    secret = key_text("secret")
    changes = [("members.branch.routes", [secret]), ("interface", secret), ("members.branch.port", secret)]
    found = problems(*changes, (f"members.branch.{secret}", 1), ("members.office1.private_key", secret + "="))
    assert len(found) == 5
    assert secret not in "\n".join(found)


def test_keys_and_addresses_of_two_members_differ() -> None:
    partner, twin = ("members.partner", OUTSIDER), ("members.twin", {**OUTSIDER, "endpoint": "192.0.2.8"})
    assert problems(partner, twin) == ["members.twin.public_key: is the same as that of partner"]


def test_a_prefix_inside_one_of_the_same_member_is_no_clash() -> None:
    assert problems(("members.branch.routes", ["192.168.0.0/16", "192.168.88.0/24"])) == []


@pytest.mark.parametrize("everything", ["0.0.0.0/0", "::/0"])
def test_everything_as_a_route_is_one_problem_that_leads_to_gateways(everything: str) -> None:
    (ours,) = problems(("members.branch.routes", ["192.168.88.0/24", everything]))
    assert ours == (
        f"members.branch.routes[1]: {everything} is every destination: to reach the internet through branch, declare it"
        " under gateways, and give a client profile: full or a member gateway: branch"
    )
    (told,) = problems(("members.x", {**OUTSIDER, "routes": [everything]}))
    assert "name what is behind x. Only a host of ours can be a gateway" in told


def test_an_mtu_below_1280_is_fine_without_ipv6() -> None:
    changes = [("mtu", 1000), ("pool", ["10.255.255.0/24"]), ("members.branch.routes", ["192.168.88.0/24"])]
    assert problems(*changes) == []


def test_an_endpoint_inside_ones_own_lan_is_fine_where_nobody_else_dials_it() -> None:
    changes = [HUB, ("hub", "office2"), ("members.office2.endpoint", "192.168.88.1"), ("members.office1", None)]
    assert problems(*changes) == []


def test_what_an_outsider_routes_into_its_tunnel_is_not_our_business() -> None:
    changes = [("members.office1.endpoint", "10.1.202.1"), ("members.office2", None), ("members.branch", OUTSIDER)]
    assert problems(*changes) == []


def test_behind_nat_two_outsiders_are_not_our_business() -> None:
    one, two = ({**OUTSIDER, "public_key": key_text(name), "nat": True, "endpoint": None} for name in "12")
    assert problems(("members.one", one), ("members.two", two), ("members.branch", None)) == []


def test_a_networks_name_serves_as_interface_only_if_it_fits() -> None:
    data = {"a-very-long-network": offices()["corp"]}
    del data["a-very-long-network"]["interface"]
    (problem,) = verify(data)
    assert str(problem).startswith(
        "wireguard_networks.a-very-long-network.interface: is missing, and the network's name"
    )


def two_networks(*changes: tuple[str, Any]) -> list[str]:
    other = offices(("interface", "wg1"), ("port", 13232), ("pool", ["10.9.0.0/24"]), ("members.branch", None))["corp"]
    other["members"] = {
        "office1": {"endpoint": "192.0.2.1"},
        "far": {"endpoint": "192.0.2.3", "routes": ["10.7.0.0/16"]},
    }
    other.update(changes)
    return [str(problem) for problem in verify({**offices(), "lab": other})]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("interface", "wg0"), "members.office1.interface: wg0 serves the network corp on this host too"),
        (("port", 13231), "members.office1.port: 13231 serves the network corp on this host too"),
        (("pool", ["10.255.255.0/24"]), "pool[0]: 10.255.255.0/24 is in the network corp too, and office1 is in both"),
    ],
)
def test_two_networks_on_one_host_do_not_share(change: tuple[str, Any], expected: str) -> None:
    assert two_networks() == []
    assert "wireguard_networks.lab." + expected in two_networks(change)


def test_a_host_does_not_reach_one_prefix_through_two_networks() -> None:
    members = {"office1": {"endpoint": "192.0.2.1"}, "far": {"endpoint": "192.0.2.3", "routes": ["10.1.101.0/24"]}}
    (problem,) = two_networks(("members", members))
    assert problem.startswith("wireguard_networks.lab.members.far.routes[0]: 10.1.101.0/24 is in the network corp too")


@pytest.mark.parametrize("pool", ["10.255.255.128/25", "10.255.0.0/16"], ids=["within", "around"])
def test_pools_of_two_networks_of_one_host_do_not_overlap(pool: str) -> None:
    (problem,) = two_networks(("pool", [pool]))
    overlap = f"{pool} overlaps the pool 10.255.255.0/24 of the network corp, and office1 is in both"
    assert problem == f"wireguard_networks.lab.pool[0]: {overlap}"


def test_pools_of_networks_without_a_common_host_may_overlap() -> None:
    members = {"near": {"endpoint": "192.0.2.4"}, "far": {"endpoint": "192.0.2.3"}}
    assert two_networks(("pool", ["10.255.255.128/25"]), ("members", members)) == []


@pytest.mark.parametrize("site", ["10.1.0.0/16", "10.255.0.0/16", "10.1.101.128/25"], ids=["around", "pool", "within"])
def test_a_site_may_have_what_lies_around_or_within_a_prefix_of_another_network(site: str) -> None:
    members = {"office1": {"endpoint": "192.0.2.1"}, "far": {"endpoint": "192.0.2.3", "routes": [site]}}
    assert two_networks(("members", members)) == []


def test_a_host_does_not_reach_what_is_behind_itself_through_another_network() -> None:
    members = {"office1": {"endpoint": "192.0.2.1"}, "far": {"endpoint": "192.0.2.3", "routes": ["10.1.202.0/24"]}}
    (problem,) = two_networks(("members", members))
    place = "wireguard_networks.lab.members.far.routes[0]"
    assert problem == f"{place}: 10.1.202.0/24 is in the network corp too, and office1 is in both"


def test_a_host_may_announce_one_prefix_in_two_networks() -> None:
    members = {"office1": {"endpoint": "192.0.2.1", "routes": ["10.1.202.0/24"]}, "far": {"endpoint": "192.0.2.3"}}
    assert two_networks(("members", members)) == []


@pytest.mark.parametrize("data", [[], "text", {"corp": "text"}, {"corp": None}, {"corp": {"members": {"a": 1}}}])
def test_data_of_the_wrong_shape_is_a_problem_and_no_crash(data: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^wireguard_networks"):
        verified(data)


def test_a_thousand_members_of_which_half_clash_take_seconds_at_most() -> None:
    members = {
        f"h{number}": {"endpoint": f"192.0.{number >> 8}.{number & 255}", "routes": [f"fd00:{number:x}::/64"]}
        for number in range(1000)
    }
    for member in list(members.values())[:500]:
        member["routes"] = ["10.7.0.0/16"]
    start = time.process_time()
    found = verify({"net": {"pool": ["10.0.0.0/16", "fd66::/64"], "members": members}}, list(members))
    assert len(found) == 499
    assert time.process_time() - start < 3
