# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import (
    ClientPlan,
    client_plan,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    client_network_data,
    key_text,
    offices,
    settled,
)

TODAY = Day(2027, 1, 31)
GATEWAY = ("gateways.office1", {})


def planned(client: dict[str, Any], *changes: tuple[str, Any]) -> ClientPlan:
    """Give the plan of a client that is added to the small network."""
    declaration = parse_declaration(offices(("clients.alice", client), *changes))
    return client_plan(declaration, settled(declaration), "corp", "alice", TODAY)


def allowed(plan: ClientPlan) -> dict[str, list[str]]:
    return {server.name: [str(prefix) for prefix in server.allowed_ips] for server in plan.servers}


def test_a_client_has_one_address_of_each_pool_in_full_length() -> None:
    plan = planned({"via": ["office1"]})
    assert [str(address) for address in plan.addresses] == ["10.255.255.4/32", "fd66::4/128"]


def test_a_split_client_sends_all_that_its_server_reaches() -> None:
    plan = planned({"via": ["office1"]})
    (server,) = plan.servers
    assert (str(server.public_key), str(server.endpoint)) == (key_text("office1 in corp"), "192.0.2.1:13231")
    assert (server.keepalive, server.psk_pair) == (25, None)
    assert allowed(plan) == {
        "office1": [
            "10.1.101.0/24",
            "10.1.202.0/24",
            "10.255.255.0/24",
            "10.255.255.1/32",
            "192.168.88.0/24",
            "fd66::/64",
            "fd66::1/128",
            "fd88::/64",
        ]
    }


def test_what_is_at_or_behind_a_further_server_goes_to_it() -> None:
    plan = planned({"via": ["office1", "office2"]})
    assert allowed(plan) == {
        "office1": [
            "10.1.202.0/24",
            "10.255.255.0/24",
            "10.255.255.1/32",
            "192.168.88.0/24",
            "fd66::/64",
            "fd66::1/128",
            "fd88::/64",
        ],
        "office2": ["10.1.101.0/24", "10.255.255.2/32", "fd66::2/128"],
    }


def test_a_full_client_sends_everything_to_its_first_server() -> None:
    plan = planned({"via": ["office1", "office2"], "profile": "full"}, GATEWAY)
    assert allowed(plan) == {
        "office1": ["0.0.0.0/0", "10.255.255.1/32", "::/0", "fd66::1/128"],
        "office2": ["10.1.101.0/24", "10.255.255.2/32", "fd66::2/128"],
    }


@pytest.mark.parametrize("pool", ["10.255.255.0/24", "fd66::/64"])
def test_nothing_leaves_beside_a_full_tunnel_of_a_network_with_one_family(pool: str) -> None:
    changes = [("members.office1.address", []), ("members.office2.address", []), ("members.branch.address", [])]
    plan = planned({"via": ["office1"], "profile": "full"}, GATEWAY, ("pool", [pool]), *changes)
    assert {"0.0.0.0/0", "::/0"} <= set(allowed(plan)["office1"])
    assert {address.version for address in plan.addresses} == {4 if "." in pool else 6}
    explicit = planned({"via": ["office1"], "networks": ["0.0.0.0/0"]}, GATEWAY, ("pool", [pool]), *changes)
    assert "::/0" not in allowed(explicit)["office1"]


def test_explicit_networks_are_all_that_is_sent_but_the_servers_own_addresses() -> None:
    plan = planned({"via": ["office1", "office2"], "networks": ["10.0.0.0/8", "10.1.101.128/25"]})
    assert allowed(plan) == {
        "office1": ["10.0.0.0/8", "10.255.255.1/32", "fd66::1/128"],
        "office2": ["10.1.101.0/24", "10.1.101.128/25", "10.255.255.2/32", "fd66::2/128"],
    }
    narrow = planned({"via": ["office1", "office2"], "networks": ["10.1.101.128/25"]})
    assert allowed(narrow)["office2"] == ["10.1.101.128/25", "10.255.255.2/32", "fd66::2/128"]
    assert allowed(narrow)["office1"] == ["10.255.255.1/32", "fd66::1/128"]


def test_per_pair_names_the_pair_and_the_epoch_of_each_server() -> None:
    plan = planned({"via": ["office1", "office2"]}, ("psk", "per_pair"), ("psk_epoch", 3))
    assert [(set(server.psk_pair or ()), server.psk_epoch) for server in plan.servers] == [
        ({"office1", "alice"}, 3),
        ({"office2", "alice"}, 3),
    ]


def test_what_a_client_says_of_itself_is_in_its_plan() -> None:
    client = {"via": ["office1"], "dns": ["10.1.101.53"], "search": ["Corp.Example"], "keepalive": 0, "mtu": 1380}
    plan = planned(client)
    assert (plan.dns, plan.client.search, plan.mtu, plan.servers[0].keepalive) == (
        ("10.1.101.53",),
        ("corp.example",),
        1380,
        0,
    )
    assert planned({"via": ["office1"]}, ("mtu", 1400)).mtu == 1400
    assert planned({"via": ["office1"]}).mtu is None


def test_the_last_day_of_a_client_is_the_one_on_which_it_expires() -> None:
    assert not planned({"via": ["office1"], "expires": "2027-01-31"}).expired
    assert planned({"via": ["office1"], "expires": "2027-01-30"}).expired


def test_a_server_without_a_known_key_is_left_out_and_named() -> None:
    declaration = parse_declaration(offices(("clients.alice", {"via": ["office1", "office2"]})))
    registry = settled(declaration)
    members = dict(registry["corp"].members)
    members["office2"] = members["office2"]._replace(public_key=None)
    pinned = type(registry["corp"])(members, registry["corp"].clients)
    plan = client_plan(declaration, {"corp": pinned}, "corp", "alice", TODAY)
    assert ([server.name for server in plan.servers], plan.missing) == (["office1"], ("office2",))


def test_what_is_not_declared_or_not_settled_is_refused_at_its_place() -> None:
    declaration = parse_declaration(offices(("clients.alice", {"via": ["office1"]})))
    with pytest.raises(InvalidInput, match=r"wireguard_registry\.networks\.corp\.clients\.alice: is missing"):
        client_plan(declaration, {}, "corp", "alice", TODAY)
    with pytest.raises(InvalidInput, match="bob: is not declared"):
        client_plan(declaration, settled(declaration), "corp", "bob", TODAY)


@given(client_network_data())
def test_a_client_sends_every_prefix_to_exactly_one_server(data: dict[str, Any]) -> None:
    declaration = parse_declaration(data)
    registry = settled(declaration)
    for name, client in declaration["net"].clients.items():
        plan = client_plan(declaration, registry, "net", name, TODAY)
        everything = [prefix for server in plan.servers for prefix in server.allowed_ips]
        assert len(everything) == len(set(everything))
        assert [server.name for server in plan.servers] == list(client.via)
