# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients, gateways and preshared keys in the plan of a host."""

from __future__ import annotations

import time
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
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import client_plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_plan import (
    HostNetwork,
    host_networks,
    withdrawn,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_rendering import (
    ROUTEROS,
    platform_problems,
    render_host_network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import derive_preshared_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import ClientEntry, Pinned
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    client_network_data,
    key_text,
    offices,
    settled,
)

TODAY = Day(2027, 1, 31)
SECRET = "correct horse battery staple"
ALICE = ("clients.alice", {"via": ["office1"]})
BOB = ("clients.bob", {"via": ["office2", "office1"]})
GATEWAY = ("gateways.office1", {})


def item_of(host: str, *changes: tuple[str, Any], secret: str | None = None) -> HostNetwork:
    declaration = parse_declaration(offices(*changes))
    (item,) = host_networks(declaration, settled(declaration), host, TODAY, secret)
    return item


def compiled(host: str, *changes: tuple[str, Any], platform: str = "linux") -> dict[str, Any]:
    return render_host_network(item_of(host, *changes), platform=platform)


def allowed(host: str, *changes: tuple[str, Any]) -> dict[str, list[str]]:
    return {peer["name"]: peer["allowed_ips"] for peer in compiled(host, *changes)["interface"]["peers"]}


def test_a_client_is_a_peer_of_each_of_its_servers_and_lies_behind_the_first_for_all_others() -> None:
    alice, bob = ["10.255.255.4/32", "fd66::4/128"], ["10.255.255.5/32", "fd66::5/128"]
    first = allowed("office1", ALICE, BOB)
    assert (list(first), first["alice"], first["bob"]) == (["office2", "branch", "alice", "bob"], alice, bob)
    second = allowed("office2", ALICE, BOB)
    assert (list(second), second["bob"]) == (["office1", "branch", "bob"], bob)
    assert set(alice) <= set(second["office1"])
    other = allowed("branch", ALICE, BOB)
    assert set(alice) <= set(other["office1"])
    assert set(bob) <= set(other["office2"])
    assert not set(bob) & set(other["office1"])


def test_a_spoke_reaches_the_clients_of_another_spoke_through_the_hub() -> None:
    hub = [("topology", "hub_spoke"), ("hub", "office1"), ("clients.alice", {"via": ["office2"]})]
    assert "10.255.255.4/32" in allowed("branch", *hub)["office1"]
    assert "10.255.255.4/32" in allowed("office1", *hub)["office2"]
    assert allowed("office2", *hub)["alice"] == ["10.255.255.4/32", "fd66::4/128"]


def test_a_server_never_dials_its_clients() -> None:
    (peer,) = [peer for peer in compiled("office1", ALICE)["interface"]["peers"] if peer["name"] == "alice"]
    assert (peer["endpoint_host"], peer["persistent_keepalive"]) == ("", 0)
    assert "endpoint_port" not in peer


def test_a_client_has_its_last_day_and_none_after_it() -> None:
    last_day = compiled("office1", ("clients.alice", {"via": ["office1"], "expires": "2027-01-31"}))
    assert "alice" in [peer["name"] for peer in last_day["interface"]["peers"]]
    over = ("clients.alice", {"via": ["office1"], "expires": "2027-01-30"})
    assert "alice" not in allowed("office1", over)
    assert "10.255.255.4/32" not in allowed("branch", over)["office1"]
    assert (compiled("office1", over)["expired"], compiled("branch", over)["expired"]) == (["alice"], [])


def test_a_client_without_a_key_is_named_and_a_revoked_one_goes_all_the_same() -> None:
    declaration = parse_declaration(offices(ALICE))
    registry = settled(declaration)
    entry = registry["corp"].clients["alice"]
    keyless = {"corp": Pinned(registry["corp"].members, {"alice": ClientEntry(None, entry.addresses)})}
    (item,) = host_networks(declaration, keyless, "office1", TODAY)
    assert (item.missing, item.desired.purge_peers) == (("alice",), True)
    assert "alice" not in [peer.name for peer in item.desired.peers]


def shut_out(*changes: tuple[str, Any]) -> tuple[HostNetwork, dict[str, dict[str, Any]]]:
    """Give the plan of a server after a change of a network whose keys were all known, and who is to go by name."""
    before = (ALICE, ("clients.dave", {"via": ["office1"]}), ("members.shop", {"endpoint": "192.0.2.4"}))
    declaration = parse_declaration(offices(*before, *changes))
    registry = settle(declaration, settled(parse_declaration(offices(*before))), today=TODAY).registry
    (item,) = host_networks(declaration, registry, "office1", TODAY)
    rendered = render_host_network(item)["interface"]["peers"]
    return item, {peer["name"]: peer for peer in rendered if peer.get("state") == "absent"}


GONE = (
    ("clients.alice", None),
    ("clients.dave", {"via": ["office1"], "expires": "2027-01-30"}),
    ("members.shop", None),
)
LATE = ("members.late", {"endpoint": "192.0.2.9"})


def test_who_is_out_goes_by_name_where_a_key_that_is_not_known_keeps_the_others() -> None:
    item, gone = shut_out(*GONE, LATE)
    assert (item.missing, item.desired.purge_peers) == (("late",), False)
    assert gone == {
        name: {"name": name, "public_key": key_text(f"{name} in corp"), "state": "absent"}
        for name in ("alice", "dave", "shop")
    }


def test_where_all_others_go_nobody_is_named() -> None:
    item, gone = shut_out(*GONE)
    assert (item.desired.purge_peers, gone) == (True, {})


@pytest.mark.parametrize(
    "heir",
    [
        ("clients.carol", {"via": ["office1"], "public_key": key_text("alice in corp")}),
        ("members.late", {"endpoint": "192.0.2.9", "public_key": key_text("alice in corp")}),
    ],
)
def test_a_key_that_someone_declared_still_has_stays(heir: tuple[str, Any]) -> None:
    item, gone = shut_out(("clients.alice", None), heir, ("members.later", {"endpoint": "192.0.2.10"}))
    assert item.missing == ("later",)
    assert gone == {}
    assert key_text("alice in corp") in {str(peer.public_key) for peer in item.desired.peers if peer.present}


def test_the_removal_of_a_client_is_accepted_by_the_module() -> None:
    item, _gone = shut_out(*GONE, LATE)
    interface = render_host_network(item)["interface"]
    interface.pop("expected_public_key")
    interface.pop("gateway")
    assert desired_interface(interface) == item.desired


def test_an_unsettled_client_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"networks\.corp\.clients\.alice: is missing"):
        host_networks(parse_declaration(offices(ALICE)), settled(parse_declaration(offices())), "branch", TODAY)


def pairs(host: str, *changes: tuple[str, Any]) -> set[tuple[str, str]]:
    found = compiled(host, *changes)["interface"]["gateway"]["forward_pairs"]
    assert len({tuple(pair.items()) for pair in found}) == len(found)
    result = {(pair["local"], pair["remote"]) for pair in found}
    # Each is let through both ways, so that the same pair the other way round would open all of it once more.
    assert [pair for pair in result if pair[::-1] in result and pair[0] != pair[1]] == []
    return result


def test_a_server_opens_its_firewall_for_the_pool_and_not_for_each_client() -> None:
    one = pairs("office1", ALICE)
    assert one == pairs("office1", ALICE, BOB, ("clients.carol", {"via": ["office1"]}))
    pool = "10.255.255.0/24"
    assert {(pool, pool), ("10.1.202.0/24", pool), ("10.1.101.0/24", pool), ("fd66::/64", "fd88::/64")} <= one
    assert not any(prefix.endswith(("/32", "/128")) for pair in one for prefix in pair)


def test_who_is_carried_by_a_server_is_let_on_to_the_gateway_of_that_server() -> None:
    changes = [ALICE, ("gateways.office2", {}), ("members.office1.gateway", "office2"), ("members.office1.routes", [])]
    assert {("10.255.255.0/24", "0.0.0.0/0"), ("fd66::/64", "::/0")} <= pairs("office1", *changes)
    hub = [*changes[1:], ("topology", "hub_spoke"), ("hub", "office1")]
    assert ("10.255.255.3/32", "0.0.0.0/0") in pairs("office1", *hub)


def test_behind_another_member_the_pool_is_let_in() -> None:
    assert pairs("branch", ALICE) == {
        ("192.168.88.0/24", "10.1.101.0/24"),
        ("192.168.88.0/24", "10.1.202.0/24"),
        ("192.168.88.0/24", "10.255.255.0/24"),
        ("fd88::/64", "fd66::/64"),
    }


def test_a_gateway_lets_out_the_pools_and_what_is_behind_those_that_use_it() -> None:
    found = compiled("office1", GATEWAY, ("members.branch.gateway", "office1"))["interface"]["gateway"]
    assert [(each["source"], each["translation"], each["out_interface"]) for each in found["outbound"]] == [
        ("10.255.255.0/24", "masquerade", "auto"),
        ("192.168.88.0/24", "masquerade", "auto"),
        ("fd66::/64", "masquerade", "auto"),
        ("fd88::/64", "masquerade", "auto"),
    ]
    assert found["clamp_mss"] == ["wg0"]
    assert found["forwarding"] == ["ipv4", "ipv6"]


def test_a_gateway_lets_out_nothing_of_a_family_that_its_pools_lack() -> None:
    ipv4 = ("pool", ["10.255.255.0/24"])
    found = compiled("office1", GATEWAY, ("members.branch.gateway", "office1"), ipv4)["interface"]["gateway"]
    assert [each["source"] for each in found["outbound"]] == ["10.255.255.0/24", "192.168.88.0/24"]


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        ({"masquerade": False}, ["none", "none"]),
        ({"snat": ["192.0.2.7"]}, ["192.0.2.7", "masquerade"]),
        ({"snat": ["192.0.2.7", "2001:db8::7"]}, ["192.0.2.7", "2001:db8::7"]),
        ({"masquerade": False, "snat": ["192.0.2.7"]}, ["192.0.2.7", "none"]),
        ({"families": ["ipv4"]}, ["masquerade"]),
    ],
)
def test_each_family_is_translated_as_declared(gateway: dict[str, Any], expected: list[str]) -> None:
    found = compiled("office1", ("gateways.office1", gateway))["interface"]["gateway"]
    assert [each["translation"] for each in found["outbound"]] == expected


def test_a_gateway_opens_what_is_asked_for_and_nothing_else() -> None:
    asked = {"proxy_arp": ["lan"], "proxy_ndp": ["lan"], "serve_dns": True, "clamp_mss": False, "out_interface": "wan"}
    found = compiled("office1", ("gateways.office1", asked), ALICE, ("members.office1.host_access", True))["interface"][
        "gateway"
    ]
    assert found["proxy_arp"] == ["lan"]
    assert [each["address"] for each in found["proxy_ndp"]] == ["fd66::2", "fd66::3", "fd66::4"]
    from_pool = [{"source": pool, "interface": "wg0"} for pool in ("10.255.255.0/24", "fd66::/64")]
    assert (found["serve_dns"], found["accept_from"]) == (from_pool, from_pool)
    assert {each["out_interface"] for each in found["outbound"]} == {"wan"}
    assert "clamp_mss" not in found
    assert set(compiled("office1", ALICE)["interface"]["gateway"]) == {"forwarding", "listen_ports", "forward_pairs"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ([GATEWAY, ("members.branch.gateway", "office1")], "gateway: the default route of a router is not changed"),
        ([("members.branch.firewall", "own")], "firewall: is for Linux"),
        ([("members.branch.firewall", "auto")], ""),
    ],
)
def test_a_router_is_refused_what_only_linux_has(changes: list[tuple[str, Any]], problem: str) -> None:
    item = item_of("branch", *changes)
    assert list(platform_problems([item], "linux")) == []
    found = [str(each) for each in platform_problems([item], ROUTEROS)]
    place = "wireguard_networks.corp.members.branch."
    assert [text.startswith(place + problem) for text in found] == ([True] if problem else [])


@pytest.mark.parametrize(
    ("name", "refusing"),
    [
        ("sfp-sfpplus1-wan", "linux"),
        ("pppoe out", "linux"),
        ("wan@isp", ROUTEROS),
        ("wan", ""),
    ],
)
@pytest.mark.parametrize("option", ["out_interface", "proxy_arp", "proxy_ndp"])
def test_a_gateway_is_refused_the_names_that_its_platform_does_not_have(option: str, name: str, refusing: str) -> None:
    item = item_of("office1", ("gateways.office1", {option: name if option == "out_interface" else [name]}))
    for platform in ("linux", ROUTEROS):
        found = [str(each) for each in platform_problems([item], platform)]
        assert len(found) == (platform == refusing)
        assert all(text.startswith(f"wireguard_networks.corp.gateways.office1.{option}: must ") for text in found)
        assert all(text.endswith(f"not '{name}'") for text in found)


@pytest.mark.parametrize(("firewall", "told"), [("own", "own"), ("auto", "auto")])
def test_a_member_may_keep_its_other_firewalls_to_itself(firewall: str, told: str) -> None:
    options = compiled("office1", ALICE, ("members.office1.firewall", firewall))["interface"]["gateway"]
    assert read_needs(options).firewall == told
    assert read_needs(compiled("office2", ALICE)["interface"]["gateway"]).firewall == "auto"


def test_everything_goes_to_the_gateways_peer_and_is_no_plain_route() -> None:
    use = {"via": "office1", "method": "halves", "kill_switch": True, "keep": ["192.0.2.0/24"]}
    found = compiled("branch", GATEWAY, ("members.branch.gateway", use))
    allowed_ips = {peer["name"]: peer["allowed_ips"] for peer in found["interface"]["peers"]}
    assert {"0.0.0.0/0", "::/0"} <= set(allowed_ips["office1"])
    assert not {"0.0.0.0/0", "::/0"} & {*allowed_ips["office2"], *found["interface"]["routes"]}
    assert found["interface"]["default_route"] == {
        "method": "halves",
        "families": ["ipv4", "ipv6"],
        "kill_switch": True,
        "keep": ["192.0.2.0/24"],
    }
    assert ("192.168.88.0/24", "0.0.0.0/0") in pairs("branch", GATEWAY, ("members.branch.gateway", "office1"))


def test_a_default_route_has_the_families_that_the_gateway_lets_out() -> None:
    only_ipv4 = ("gateways.office1", {"families": ["ipv4"]})
    interface = compiled("branch", only_ipv4, ("members.branch.gateway", "office1"))["interface"]
    assert interface["default_route"]["families"] == ["ipv4"]
    assert not any("::/0" in peer["allowed_ips"] for peer in interface["peers"])


SPLIT = ("members.branch.split", {"mode": "except", "rir": [{"source": "/x", "countries": ["nz"]}]})


def test_a_split_tunnel_takes_the_place_of_the_default_route() -> None:
    dns = ("members.branch.dns", [{"servers": ["10.1.101.53"], "domains": ["corp.example"]}])
    found = compiled("branch", GATEWAY, ("members.branch.gateway", "office1"), SPLIT, dns)
    assert found["interface"]["default_route"] == {"method": "none"}
    assert "0.0.0.0/0" in found["interface"]["peers"][0]["allowed_ips"]
    assert found["split_tunnel"] == {
        "interface": "wg0",
        "state": "present",
        "mode": "except",
        "prefixes": [],
        "files": [],
        "rir": [{"source": "/x", "countries": ["NZ"], "families": ["ipv4", "ipv6"]}],
        "families": ["ipv4", "ipv6"],
        "refresh": "daily",
        "shrink_limit": 20,
        "dns": [{"servers": ["10.1.101.53"], "domains": ["corp.example"]}],
    }


@pytest.mark.parametrize(
    "restriction",
    [
        [("gateways.office1", {"families": ["ipv4"]})],
        [GATEWAY, ("pool", ["10.255.255.0/24"])],
    ],
    ids=["gateway", "pool"],
)
def test_a_split_tunnel_has_the_families_that_the_gateway_lets_out(restriction: list[tuple[str, Any]]) -> None:
    found = compiled("branch", *restriction, ("members.branch.gateway", "office1"), SPLIT)
    assert found["split_tunnel"]["families"] == ["ipv4"]


def test_names_alone_leave_the_families_to_the_interface() -> None:
    dns = ("members.branch.dns", [{"servers": ["10.1.101.53"]}])
    assert "families" not in compiled("branch", dns)["split_tunnel"]


def test_a_split_tunnel_that_is_not_declared_any_more_goes() -> None:
    before = parse_declaration(offices(GATEWAY, ("members.branch.gateway", "office1"), SPLIT))
    after = parse_declaration(offices())
    registry = settle(after, settled(before)).registry
    (item,) = host_networks(after, registry, "branch", TODAY)
    absent = {"interface": "wg0", "state": "absent"}
    assert render_host_network(item)["split_tunnel"] == absent
    assert render_host_network(withdrawn(item))["split_tunnel"] == absent
    (never,) = host_networks(after, registry, "office2", TODAY)
    assert render_host_network(never)["split_tunnel"] == {}


def test_a_default_route_that_is_not_declared_any_more_goes() -> None:
    before = parse_declaration(offices(GATEWAY, ("members.branch.gateway", "office1")))
    after = parse_declaration(offices())
    registry = settle(after, settled(before)).registry
    had, never = (host_networks(after, registry, host, TODAY)[0] for host in ("branch", "office2"))
    assert render_host_network(had)["interface"]["default_route"] == {"method": "none"}
    assert "default_route" not in render_host_network(never)["interface"]


def psks(host: str, *changes: tuple[str, Any], secret: str = SECRET) -> dict[str, Any]:
    interface = render_host_network(item_of(host, ("psk", "per_pair"), *changes, secret=secret))["interface"]
    return {peer["name"]: peer.get("preshared_key") for peer in interface["peers"]}


def test_both_ends_of_a_pair_derive_the_same_key_and_others_another_one() -> None:
    one, two = psks("office1", ALICE), psks("office2", ALICE)
    assert one["office2"] == two["office1"] == derive_preshared_key(SECRET, "corp", ("office2", "office1"), 1).reveal()
    assert one["alice"] == derive_preshared_key(SECRET, "corp", ("alice", "office1"), 1).reveal()
    assert len({*one.values(), *two.values()}) == 4
    assert not {*psks("office1", ALICE, ("psk_epoch", 2)).values()} & {*one.values()}


def test_the_preshared_key_of_an_outsider_is_left_alone() -> None:
    outsider = {"external": True, "public_key": key_text("p"), "endpoint": "192.0.2.9"}
    assert psks("office1", ("members.partner", outsider))["partner"] is None
    peers = compiled("office1", ("members.partner", outsider))["interface"]["peers"]
    assert ["preshared_key" in peer for peer in peers] == [True, True, False]


def test_without_per_pair_a_key_that_was_there_goes() -> None:
    assert {peer["preshared_key"] for peer in compiled("office1", ALICE)["interface"]["peers"]} == {""}


@pytest.mark.parametrize(("secret", "message"), [("", "set wireguard_psk_secret"), ("short", "16 characters")])
def test_per_pair_without_a_good_secret_is_one_clear_error(secret: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        item_of("office1", ("psk", "per_pair"), secret=secret)
    (problem,) = caught.value.problems
    assert problem.place == "wireguard_networks.corp.psk"
    assert message in problem.message


def test_no_secret_is_in_the_text_of_a_plan() -> None:
    item = item_of("office1", ("psk", "per_pair"), ALICE, secret=SECRET)
    shown = repr(item) + str(item)
    assert SECRET not in shown
    assert not any(key in shown for key in psks("office1", ALICE).values())


def test_a_router_tells_its_clients_their_configuration_and_does_not_dial_them() -> None:
    client = {"via": ["office1"], "dns": ["10.255.255.1"], "keepalive": 20}
    interface = compiled("office1", ("clients.alice", client), platform=ROUTEROS)["interface"]
    assert not {"persist", "private_key_file", "default_route"} & interface.keys()
    assert interface["ignore_unknown_properties"] is True
    member, _second, alice = interface["peers"]
    assert "responder" not in member
    declaration = parse_declaration(offices(("clients.alice", client)))
    (server,) = client_plan(declaration, settled(declaration), "corp", "alice", TODAY).servers
    assert {name: value for name, value in alice.items() if name.startswith(("client_", "responder"))} == {
        "responder": True,
        "client_address": ["10.255.255.4/32", "fd66::4/128"],
        "client_dns": ["10.255.255.1"],
        "client_endpoint": "192.0.2.1",
        "client_keepalive": 20,
        "client_allowed_address": [str(prefix) for prefix in server.allowed_ips],
    }
    assert "ignore_unknown_properties" not in compiled("branch", platform=ROUTEROS)["interface"]


def plans(data: dict[str, Any]) -> dict[str, HostNetwork]:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    return {
        host: item
        for host in declaration["net"].members
        for item in host_networks(declaration, registry, host, TODAY, SECRET)
    }


@given(client_network_data())
def test_every_prefix_is_in_exactly_one_peer_of_a_host(data: dict[str, Any]) -> None:
    for item in plans(data).values():
        prefixes = [prefix for peer in item.desired.peers for prefix in present_value(peer.allowed_ips, frozenset())]
        assert len(prefixes) == len(set(prefixes))


@given(client_network_data())
def test_an_expired_client_is_in_no_plan_and_every_other_one_where_it_belongs(data: dict[str, Any]) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    for name, client in declaration["net"].clients.items():
        hosts = {address.host for address in registry["net"].clients[name].addresses}
        for host, item in plans(data).items():
            holders = {
                str(peer.name) for peer in item.desired.peers if hosts & present_value(peer.allowed_ips, frozenset())
            }
            if client.expired(TODAY):
                assert not holders
                assert (name in item.expired) == (host in client.via)
            elif host in client.via:
                assert holders == {name}
            else:
                assert name not in holders
                assert len(holders) <= 1


@given(client_network_data())
def test_every_plan_with_clients_is_accepted_by_the_modules(data: dict[str, Any]) -> None:
    for item in plans(data).values():
        rendered = render_host_network(item)
        rendered["interface"].pop("expected_public_key", None)
        gateway = rendered["interface"].pop("gateway", {})
        assert desired_interface(rendered["interface"]) == item.desired
        read_needs(gateway)


@given(client_network_data(), st.randoms())
def test_the_order_of_clients_does_not_matter(data: dict[str, Any], random: Any) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    clients = list(data["net"]["clients"].items())
    random.shuffle(clients)
    shuffled = parse_declaration({"net": {**data["net"], "clients": dict(clients)}})
    for host in declaration["net"].members:
        one, two = (
            [
                (item.desired.routes, set(item.desired.peers), item.openings)
                for item in host_networks(some, registry, host, TODAY)
            ]
            for some in (declaration, shuffled)
        )
        assert one == two


@given(client_network_data())
def test_each_server_knows_its_client_by_the_clients_own_addresses(data: dict[str, Any]) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    for name, client in declaration["net"].clients.items():
        if client.expired(TODAY):
            continue
        for server in client_plan(declaration, registry, "net", name, TODAY).servers:
            (item,) = host_networks(declaration, registry, server.name, TODAY)
            peer = next(each for each in item.desired.peers if each.name == name)
            own = [address.host for address in registry["net"].clients[name].addresses]
            assert sorted(present_value(peer.allowed_ips, frozenset())) == sorted(own)


def test_a_thousand_clients_and_a_hundred_members_take_less_than_a_second() -> None:
    members = {
        f"m{number}": {"endpoint": f"192.0.2.{number + 1}", "routes": [f"172.16.{number}.0/24"]}
        for number in range(100)
    }
    clients = {f"c{number}": {"via": [f"m{number % 100}", "m0"][: 1 + (number % 100 > 0)]} for number in range(1000)}
    data = {"net": {"pool": ["10.0.0.0/16"], "psk": "per_pair", "members": members, "clients": clients}}
    declaration = parse_declaration(data)
    registry = settled(declaration)
    start = time.process_time()
    (item,) = host_networks(declaration, registry, "m0", TODAY, SECRET)
    render_host_network(item)
    assert time.process_time() - start < 1
    assert len(item.desired.peers) == 99 + 1000
    assert parse_prefix("10.0.0.0/16") in {local for local, _remote in item.openings.forward_pairs}
