# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of an interface mean, and that each mistake in them is told once, at its place, with all others."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    INTERFACE_OPTIONS,
    PEER_OPTIONS,
    RULE_OPTIONS,
    desired_interface,
    desired_peer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Route, Rule
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, PublicKey, clamp


def text_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


A, B, C = (text_of(bytes([number]) * 32) for number in (1, 2, 3))
RANDOM = bytes(range(0x81, 0xA1))  # not clamped
PRIVATE = text_of(clamp(RANDOM).raw)
BOTH = {"public_key": A}, {"public_key": B}

TO_32_BITS = "must be a whole number from 0 to 4294967295, not "
TO_65535 = "must be a whole number from 0 to 65535, not "
NAME = "must have 1 to 15 ASCII characters, without white space and / : %, not "
PORT = "is no port: it must be a number from 0 to 65535"


def problems_of(options: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        desired_interface(options)
    return [tuple(problem) for problem in caught.value.problems]


def parsed(**options: Any) -> DesiredInterface:
    return desired_interface({"name": "wg0", **options})


def parsed_peer(**options: Any) -> DesiredPeer:
    (peer,) = parsed(peers=[{"public_key": A, **options}]).peers
    return peer


# What is unset, empty and given.


def test_what_is_missing_is_unset() -> None:
    assert parsed() == DesiredInterface("wg0")
    assert parsed_peer() == DesiredPeer(PublicKey(b"\1" * 32))


def test_none_is_unset() -> None:
    assert parsed(**dict.fromkeys(INTERFACE_OPTIONS - {"name"})) == DesiredInterface("wg0")
    assert parsed_peer(**dict.fromkeys(PEER_OPTIONS - {"public_key"})) == parsed_peer()


def test_an_empty_list_is_an_explicit_nothing() -> None:
    desired = parsed(addresses=[], routes=[], rules=[], peers=[])
    assert (desired.addresses, desired.routes, desired.rules) == (frozenset(),) * 3
    assert parsed_peer(allowed_ips=[]).allowed_ips == frozenset()


def test_an_empty_text_is_an_explicit_nothing() -> None:
    assert parsed_peer(preshared_key="").preshared_key is None
    assert parsed_peer(endpoint_host="").endpoint is None
    assert parsed_peer(name="").name == ""


def test_every_option_is_read() -> None:
    desired = parsed(
        private_key=PRIVATE,
        listen_port=51820,
        fwmark="0xCA6C",
        mtu=1380,
        enabled=False,
        addresses=["10.0.0.1/24", "fd66::1/64"],
        routes=["10.1.2.3/16"],
        route_table=100,
        route_metric=50,
        rules=[{"priority": 9, "version": 6, "table": 100, "fwmark": 1, "invert": True, "source": "fd66::/64"}],
        peers=[
            {
                "public_key": A,
                "state": "absent",
                "preshared_key": B,
                "endpoint_host": "VPN.example.org",
                "endpoint_port": "4000",
                "allowed_ips": ["10.1.2.3/16", "::/0"],
                "persistent_keepalive": "25s",
                "name": "ålice",
            }
        ],
        purge_peers=True,
        persist="networkd",
    )
    assert desired == DesiredInterface(
        name="wg0",
        private_key=clamp(RANDOM),
        listen_port=51820,
        fwmark=0xCA6C,
        mtu=1380,
        up=False,
        addresses=frozenset({parse_interface_address("10.0.0.1/24"), parse_interface_address("fd66::1/64")}),
        routes=frozenset({Route(parse_prefix("10.1.0.0/16"), 100, 50)}),
        rules=frozenset({Rule(6, 9, 100, fwmark=1, invert=True, source=parse_prefix("fd66::/64"))}),
        peers=(
            DesiredPeer(
                PublicKey(b"\1" * 32),
                present=False,
                preshared_key=PresharedKey(b"\2" * 32),
                endpoint=Endpoint("vpn.example.org", 4000),
                allowed_ips=frozenset({parse_prefix("10.1.0.0/16"), parse_prefix("::/0")}),
                persistent_keepalive=25,
                name="ålice",
            ),
        ),
        purge_peers=True,
        persist="networkd",
    )


def test_an_absent_interface_is_read() -> None:
    assert not parsed(state="absent").present
    assert parsed(state="present").present


# Equal meaning.


@pytest.mark.parametrize(("value", "seconds"), [("25 ", 25), ("25s", 25), ("off", 0), (0, 0), ("65535", 65535)])
def test_keepalives_of_one_meaning_are_one(value: Any, seconds: int) -> None:
    assert parsed_peer(persistent_keepalive=value).persistent_keepalive == seconds


@pytest.mark.parametrize(
    ("value", "mark"), [("off", 0), (0, 0), ("0x0", 0), ("0X1f", 31), (31, 31), ("4294967295", 2**32 - 1)]
)
def test_marks_of_one_meaning_are_one(value: Any, mark: int) -> None:
    assert parsed(fwmark=value).fwmark == mark


def test_a_private_key_is_clamped_as_devices_do() -> None:
    assert parsed(private_key=text_of(RANDOM)) == parsed(private_key=PRIVATE)


def test_a_preshared_key_of_zeros_is_none_as_on_devices() -> None:
    assert parsed_peer(preshared_key=text_of(bytes(32))).preshared_key is None


def test_the_default_metric_of_ipv6_is_the_default_metric() -> None:
    assert parsed(routes=["fd66::/64"], route_metric=1024) == parsed(routes=["fd66::/64"])
    assert parsed(routes=["10.0.0.0/8"], route_metric=1024) != parsed(routes=["10.0.0.0/8"])


@given(st.randoms(use_true_random=False))
def test_the_order_in_lists_of_addresses_never_matters(order: Any) -> None:
    lists = {"addresses": ["10.0.0.1/24", "10.0.0.2", "fd66::1/64"], "routes": ["10.1.0.0/16", "::/0", "10.1.0.0/17"]}
    shuffled = {name: order.sample(values, len(values)) for name, values in lists.items()}
    prefixes = order.sample(lists["routes"], 3)
    assert parsed(**shuffled) == parsed(**lists)
    assert parsed_peer(allowed_ips=prefixes) == parsed_peer(allowed_ips=lists["routes"])


def test_nested_allowed_ips_of_two_peers_are_no_mistake() -> None:
    peers = [{"public_key": A, "allowed_ips": ["0.0.0.0/0"]}, {"public_key": B, "allowed_ips": ["10.0.0.0/8"]}]
    assert len(parsed(peers=peers).peers) == 2


def test_an_absent_peer_gives_its_allowed_ips_to_another() -> None:
    peers = [{"public_key": A, "state": "absent", "allowed_ips": ["::/0"]}, {"public_key": B, "allowed_ips": ["::/0"]}]
    assert len(parsed(peers=peers).peers) == 2


# Mistakes.

INTERFACE_MISTAKES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"name": None}, [("name", "is missing")]),
    ({"name": ""}, [("name", NAME + "''")]),
    ({"name": "a" * 16}, [("name", NAME + f"'{'a' * 16}'")]),
    ({"name": "wg 0"}, [("name", NAME + "'wg 0'")]),
    ({"name": "wg0\n"}, [("name", NAME + "'wg0\n'")]),
    ({"name": "../wg0"}, [("name", NAME + "'../wg0'")]),
    ({"name": ".."}, [("name", NAME + "'..'")]),
    ({"name": "wgü"}, [("name", NAME + "'wgü'")]),
    ({"state": "up"}, [("state", "must be one of present, absent")]),
    ({"private_key": "x"}, [("private_key", "is no key: it is not valid base64")]),
    ({"private_key": ""}, [("private_key", "is no key: 0 bytes instead of 32")]),
    ({"private_key": text_of(b"\1" * 31)}, [("private_key", "is no key: 31 bytes instead of 32")]),
    ({"private_key": text_of(bytes(32))}, [("private_key", "is no key: all its bytes are 0")]),
    ({"listen_port": 70000}, [("listen_port", TO_65535 + "70000")]),
    ({"listen_port": -1}, [("listen_port", TO_65535 + "-1")]),
    ({"listen_port": True}, [("listen_port", TO_65535 + "'True'")]),
    ({"listen_port": 1.5}, [("listen_port", TO_65535 + "1.5")]),
    ({"fwmark": "0x100000000"}, [("fwmark", TO_32_BITS + "'0x100000000'")]),
    ({"fwmark": 2**32}, [("fwmark", TO_32_BITS + "4294967296")]),
    ({"mtu": 67}, [("mtu", "must be a whole number from 68 to 65535, not 67")]),
    ({"enabled": "yes"}, [("enabled", "must be true or false")]),
    ({"purge_peers": "no"}, [("purge_peers", "must be true or false")]),
    ({"persist": "ifupdown"}, [("persist", "must be one of none, wg_quick, networkd")]),
    ({"addresses": "10.0.0.1/24"}, [("addresses", "is no list")]),
    ({"addresses": ["10.0.0.1/33"]}, [("addresses[0]", "'10.0.0.1/33' is no address: write ADDRESS/LENGTH")]),
    ({"addresses": [None]}, [("addresses[0]", "'None' is no address: write ADDRESS/LENGTH")]),
    (
        {"addresses": ["fd66::1/128", "10.0.0.1/24", "10.0.0.1/32", "fd66::1/64"]},
        [("addresses", "fd66::1/128 is there as fd66::1/64 too: an IPv6 address has one length")],
    ),
    ({"routes": ["10.0.0.0/8", "10.O.0.0/8"]}, [("routes[1]", "'10.O.0.0/8' is no prefix: write ADDRESS/LENGTH")]),
    ({"route_table": 0}, [("route_table", "must be a whole number from 1 to 4294967295, not 0")]),
    ({"route_metric": "low"}, [("route_metric", TO_32_BITS + "'low'")]),
    (
        {"mtu": 1279, "addresses": ["10.0.0.1/24", "fd66::1/64"]},
        [("mtu", "1279 is too small for the IPv6 in addresses: at least 1280")],
    ),
    ({"mtu": 1279, "routes": ["::/0"]}, [("mtu", "1279 is too small for the IPv6 in routes: at least 1280")]),
    ({"rules": {"priority": 1}}, [("rules", "is no list")]),
    ({"rules": ["all"]}, [("rules[0]", "is no dictionary")]),
    ({"rules": [{}]}, [("rules[0].priority", "is missing")]),
    ({"rules": [{"priority": 0}]}, [("rules[0].priority", "must be a whole number from 1 to 32765, not 0")]),
    ({"rules": [{"priority": 1, "version": 5}]}, [("rules[0].version", "must be one of 4, 6")]),
    ({"rules": [{"priority": 1, "invert": "no"}]}, [("rules[0].invert", "must be true or false")]),
    (
        {"rules": [{"priority": 1, "source": "fd66::/64", "destination": 7}]},
        [
            ("rules[0].destination", "is no prefix: write ADDRESS/LENGTH"),
            ("rules[0].source", "fd66::/64 is no prefix of the rule's IP version 4"),
        ],
    ),
    ({"peers": {A: {}}}, [("peers", "is no list")]),
    ({"peers": [A]}, [("peers[0]", "is no dictionary")]),
]

PEER_MISTAKES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"public_key": None}, [("public_key", "is missing")]),
    ({"public_key": ""}, [("public_key", "is no key: 0 bytes instead of 32")]),
    ({"public_key": A[:-2]}, [("public_key", "is no key: it is not valid base64")]),
    ({"public_key": PRIVATE}, [("public_key", "is this interface's private key: give the peer's public key")]),
    ({"public_key": text_of(RANDOM)}, [("public_key", "is this interface's private key: give the peer's public key")]),
    ({"state": True}, [("state", "must be one of present, absent")]),
    ({"preshared_key": "none"}, [("preshared_key", "is no key: 3 bytes instead of 32")]),
    ({"preshared_key": False}, [("preshared_key", "is no key: it is not valid base64")]),
    ({"endpoint_host": "a b", "endpoint_port": 1}, [("endpoint_host", "is neither an address nor a host name")]),
    ({"endpoint_host": 5, "endpoint_port": 1}, [("endpoint_host", "is neither an address nor a host name")]),
    ({"endpoint_host": "a", "endpoint_port": 70000}, [("endpoint_port", PORT)]),
    ({"endpoint_host": "a", "endpoint_port": "²"}, [("endpoint_port", PORT)]),
    ({"endpoint_host": "a", "endpoint_port": [1]}, [("endpoint_port", PORT)]),
    ({"endpoint_host": "a"}, [("endpoint_port", "is missing beside endpoint_host")]),
    ({"endpoint_host": "a", "endpoint_port": 0}, [("endpoint_port", "is missing beside endpoint_host")]),
    ({"endpoint_port": 51820}, [("endpoint_port", "needs endpoint_host beside it")]),
    ({"allowed_ips": "10.0.0.0/8"}, [("allowed_ips", "is no list")]),
    (
        {"allowed_ips": ["10.0.0.0/8, ::/0"]},
        [("allowed_ips[0]", "'10.0.0.0/8, ::/0' is no prefix: write ADDRESS/LENGTH")],
    ),
    ({"persistent_keepalive": 65536}, [("persistent_keepalive", TO_65535 + "65536")]),
    ({"persistent_keepalive": "25m"}, [("persistent_keepalive", TO_65535 + "'25m'")]),
    ({"name": "a\nPostUp = true"}, [("name", "must be one line of printable text")]),
]


@pytest.mark.parametrize(("options", "problems"), INTERFACE_MISTAKES)
def test_a_mistake_is_told_at_its_place(options: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert problems_of({"name": "wg0", **options}) == problems


@pytest.mark.parametrize(("options", "problems"), PEER_MISTAKES)
def test_a_mistake_in_a_peer_is_told_at_its_place(options: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    peers = [{"public_key": B}, {"public_key": A, **options}]
    told = problems_of({"name": "wg0", "private_key": PRIVATE, "peers": peers})
    assert told == [(f"peers[1].{place}", message) for place, message in problems]


def test_the_options_of_a_single_peer_are_told_without_a_list() -> None:
    with pytest.raises(InvalidInput) as caught:
        desired_peer({"public_key": A[1:], "persistent_keepalive": -1})
    assert [problem.place for problem in caught.value.problems] == ["public_key", "persistent_keepalive"]


def test_the_options_of_a_single_peer_mean_the_same_as_in_a_list() -> None:
    options = {"allowed_ips": ["10.0.0.0/8"], "endpoint_host": "::1", "endpoint_port": 1}
    assert desired_peer({"public_key": A, **options}) == parsed_peer(**options)


def test_a_peer_that_is_given_twice_is_refused() -> None:
    peers = [*BOTH, {"public_key": f" {A}\n"}]
    assert problems_of({"name": "wg0", "peers": peers}) == [("peers[2].public_key", "is the same as that of peers[0]")]


def test_an_allowed_ip_of_two_peers_is_refused_by_meaning() -> None:
    first, second = (
        {"public_key": key, "allowed_ips": [prefix]} for key, prefix in ((A, "10.0.0.1"), (B, "10.0.0.1/32"))
    )
    told = problems_of({"name": "wg0", "peers": [{"public_key": C}, first, second]})
    assert told == [("peers[2].allowed_ips", "10.0.0.1/32 is also in peers[1].allowed_ips")]


@pytest.mark.parametrize("spoilt", [{}, {"public_key": "x"}, "text", None])
def test_a_spoilt_peer_does_not_shift_the_places_of_the_others(spoilt: Any) -> None:
    told = problems_of({"name": "wg0", "peers": [spoilt, *BOTH, {"public_key": B}]})
    assert told[-1] == ("peers[3].public_key", "is the same as that of peers[2]")
    assert len(told) == 2


@pytest.mark.parametrize(
    ("options", "place", "known"),
    [
        ({"adresses": []}, "adresses", INTERFACE_OPTIONS),
        ({"peers": [{"public_key": A, "adresses": []}]}, "peers[0].adresses", PEER_OPTIONS),
        ({"rules": [{"priority": 1, "adresses": []}]}, "rules[0].adresses", RULE_OPTIONS),
    ],
)
def test_an_unknown_option_is_refused(options: dict[str, Any], place: str, known: frozenset[str]) -> None:
    told = problems_of({"name": "wg0", **options})
    assert told == [(place, "is no option here; known are {}".format(", ".join(sorted(known))))]


def test_all_mistakes_are_told_at_once() -> None:
    options: dict[str, Any] = {}
    expected = []
    for mistaken, problems in INTERFACE_MISTAKES:
        if not options.keys() & mistaken.keys() and mistaken.keys().isdisjoint({"name", "mtu", "rules", "peers"}):
            options.update(mistaken)
            expected += problems
    peers = []
    for index, (mistaken, problems) in enumerate(PEER_MISTAKES):
        peers.append({"public_key": text_of(bytes([index + 1]) * 32), **mistaken})
        expected += [(f"peers[{index}].{place}", message) for place, message in problems]
    told = problems_of({**options, "name": "a b", "peers": peers})
    own_key = "is this interface's private key: give the peer's public key"
    wanted = [problem for problem in expected if problem[1] != own_key]  # there is no valid private key here
    assert sorted(told) == sorted([*wanted, ("name", NAME + "'a b'")])


def test_ten_thousand_peers_are_read_planned_and_applied() -> None:
    peers = [
        {"public_key": text_of(number.to_bytes(32, "big")), "allowed_ips": [f"10.{number >> 8}.{number & 255}.0/24"]}
        for number in range(1, 10_001)
    ]
    desired = parsed(peers=peers)
    steps = plan(Interface("wg0"), desired, lambda state: {})
    assert len(steps) == 10_000
    assert plan(apply_steps(Interface("wg0"), steps), desired, lambda state: {}) == ()


def test_nothing_is_assumed_of_a_valid_interface() -> None:
    desired = parsed(peers=[{"public_key": A}])
    values = [getattr(desired, name) for name in ("listen_port", "fwmark", "mtu", "up", "addresses", "routes", "rules")]
    assert all(value is UNSET for value in values)
