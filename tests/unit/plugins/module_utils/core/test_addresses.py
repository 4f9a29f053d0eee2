# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses by meaning; the standard library is the judge of what lies within what."""

from __future__ import annotations

import ipaddress
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
    parse_endpoint,
    parse_host,
    parse_interface_address,
    parse_port,
    parse_prefix,
)

networks = st.one_of(
    st.builds(
        lambda number, length: ipaddress.ip_network((number, length), strict=False),
        st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address),
        st.integers(0, 32),
    ),
    st.builds(
        lambda number, length: ipaddress.ip_network((number, length), strict=False),
        st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address),
        st.integers(0, 128),
    ),
    # Few enough values that one often lies within the other.
    st.builds(
        lambda number, length: ipaddress.ip_network((number << 30, length), strict=False),
        st.integers(0, 3),
        st.integers(0, 4),
    ),
)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("10.0.0.1", "10.0.0.1/32"),
        (" 10.0.0.1/32\n", "10.0.0.1/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.255.255.255/31", "10.255.255.254/31"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("1.2.3.4/0", "0.0.0.0/0"),
        ("fd66::", "fd66::/128"),
        ("FD66:0:0:0:0:0:0:1", "fd66::1/128"),
        ("fd66:0000::0001/64", "fd66::/64"),
        ("::/0", "::/0"),
        ("::ffff:10.0.0.1", "::ffff:a00:1/128"),
    ],
)
def test_prefixes_of_one_meaning_are_one(text: str, meaning: str) -> None:
    assert parse_prefix(text) == parse_prefix(meaning)
    assert str(parse_prefix(text)) == str(ipaddress.ip_network(meaning))


def test_a_mapped_address_is_not_the_address_that_it_maps() -> None:
    assert parse_prefix("::ffff:10.0.0.1") != parse_prefix("10.0.0.1")


NO_PREFIX = [
    "",
    " ",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/ 8",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/0.0.0.255",
    "10.0.0.0 /8",
    "10.0.0.1,10.0.0.2",
    "010.0.0.1",
    "10.0.0.²",
    "fd66::/129",
    "fd66:::1",
    "fd66::g",
    "fe80::1%eth0",
    "fe80::1%eth0/64",
    "[fd66::1]",
    "example.org",
    "default",
    "3232235777",
]


@pytest.mark.parametrize("text", NO_PREFIX)
@pytest.mark.parametrize(
    ("parse", "message"),
    [
        (parse_prefix, "is no prefix: write ADDRESS/LENGTH"),
        (parse_interface_address, "is no address: write ADDRESS/LENGTH"),
    ],
)
def test_what_is_no_prefix_is_refused(text: str, parse: Callable[[str], object], message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "address", "prefix", "host"),
    [
        ("10.0.0.1/24", "10.0.0.1/24", "10.0.0.0/24", "10.0.0.1/32"),
        ("10.0.0.1", "10.0.0.1/32", "10.0.0.1/32", "10.0.0.1/32"),
        ("FD66::0:1/64", "fd66::1/64", "fd66::/64", "fd66::1/128"),
    ],
)
def test_an_interface_address_keeps_its_host_bits(text: str, address: str, prefix: str, host: str) -> None:
    parsed = parse_interface_address(text)
    assert (str(parsed), str(parsed.prefix), str(parsed.host)) == (address, prefix, host)
    assert parsed.ip == ipaddress.ip_interface(address).ip


def test_one_address_with_two_lengths_is_two_addresses() -> None:
    assert parse_interface_address("10.0.0.1/24") != parse_interface_address("10.0.0.1/32")


@given(networks, networks)
def test_contains_and_overlaps_agree_with_the_standard_library(
    one: ipaddress.IPv4Network | ipaddress.IPv6Network, other: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> None:
    left, right = parse_prefix(str(one)), parse_prefix(str(other))
    same_version = one.version == other.version
    assert left.contains(right) == (same_version and other.subnet_of(one))
    assert left.overlaps(right) == right.overlaps(left) == one.overlaps(other)
    assert (left == right) == (one == other)


@given(networks)
def test_a_prefix_and_its_text_are_one(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    prefix = Prefix(network.network_address.packed, network.prefixlen)
    assert parse_prefix(str(prefix)) == prefix
    assert (str(prefix), prefix.network, prefix.version) == (str(network), network, network.version)


@given(networks, st.data())
def test_an_interface_address_and_its_text_are_one(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network, data: st.DataObject
) -> None:
    number = data.draw(st.integers(int(network.network_address), int(network.broadcast_address)))
    packed = number.to_bytes(network.max_prefixlen // 8, "big")
    address = InterfaceAddress(packed, network.prefixlen)
    assert parse_interface_address(str(address)) == address
    assert (address.prefix.network, address.version) == (network, network.version)
    assert address.prefix.contains(address.host)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.1:51820", "192.0.2.1", 51820),
        ("[2001:DB8::0:1]:51820", "2001:db8::1", 51820),
        ("[fe80::1%eth0]:51820", "fe80::1%eth0", 51820),
        ("VPN.Example.org:1", "vpn.example.org", 1),
        (" vpn_1.example.org.:65535 ", "vpn_1.example.org.", 65535),
        ("router:500", "router", 500),
    ],
)
def test_an_endpoint_with_its_port_is_parsed(text: str, host: str, port: int) -> None:
    endpoint = parse_endpoint(text)
    assert endpoint == Endpoint(host, port)
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("vpn.example.org", "vpn.example.org"),
    ],
)
def test_a_missing_port_is_the_default_one_or_an_error(text: str, host: str) -> None:
    assert parse_endpoint(text, 51820) == Endpoint(host, 51820)
    with pytest.raises(InvalidValue, match="has no port: write HOST:PORT"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no port"),
        (":51820", "is neither an address nor a host name"),
        ("host:", "has no port after the colon"),
        ("[::1]:", "is no endpoint"),
        ("[::1", "is no endpoint"),
        ("[::1]51820", "is no endpoint"),
        ("[[::1]]:51820", "is no endpoint"),
        ("::1]:51820", "has no port"),
        ("host:0", "has no port"),
        ("host:70000", "is no port: it must be a number from 0 to 65535"),
        ("host:65536", "is no port"),
        ("host:-1", "is no port"),
        ("host:+1", "is no port"),
        ("host:²", "is no port"),
        ("host:http", "is no port"),
        ("ho st:1", "is neither"),
        ("1.2.3:51820", "is neither"),
        ("1.2.3.4.5:51820", "is neither"),
        ("256.0.0.1:51820", "is neither"),
        ("-host:1", "is neither"),
        ("a..b:1", "is neither"),
        ("bücher.example:1", "is neither"),
        ("[fe80::1%]:1", "has no valid zone"),
        ("[fe80::1%a b]:1", "has no valid zone"),
        ("[fe80::1%a\nPostUp=x]:1", "has no valid zone"),
        ("10.0.0.1%eth0:1", "has no valid zone"),
    ],
)
def test_what_is_no_endpoint_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_endpoint(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("text", "host"), [("[::1]", "::1"), ("FE80::1%Eth0", "fe80::1%Eth0"), ("A.b", "a.b")])
def test_a_host_has_one_spelling(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize("text", ["a" * 64 + ".example", "a." * 127 + "aa", "10.0.0.1/24", "a/b", "[a.b]", "", "a\nb"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="is neither an address nor a host name"):
        parse_host(text)


@pytest.mark.parametrize(("text", "port"), [("0", 0), ("65535", 65535), (0, 0), (51820, 51820), (" 7 ", 7), ("007", 7)])
def test_a_port_is_a_number_from_0_to_65535(text: str | int, port: int) -> None:
    assert parse_port(text) == port


@pytest.mark.parametrize("text", ["", "65536", 65536, -1, "-1", "1.0", 1.5, "0x1", "²", True, None, "1 2", "1" * 5000])
def test_what_is_no_port_is_refused(text: str | int) -> None:
    with pytest.raises(InvalidValue, match="is no port: it must be a number from 0 to 65535"):
        parse_port(text)
