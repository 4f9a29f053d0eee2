# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import (
    AddressRange,
    aggregate,
    count_addresses,
    range_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

START = int(ipaddress.ip_address("10.0.0.0"))


@st.composite
def small_range(draw: st.DrawFn) -> AddressRange:
    """Give a short range within 10.0.0.0/28, so that several meet and touch."""
    first = draw(st.integers(0, 15))
    last = min(15, first + draw(st.integers(0, 3)))
    return AddressRange(4, START + first, START + last)


def addresses(ranges: list[AddressRange]) -> set[int]:
    return {number for each in ranges for number in range(each.first, each.last + 1)}


@given(st.lists(small_range(), max_size=8))
def test_the_result_holds_exactly_the_addresses_in_the_fewest_prefixes(some: list[AddressRange]) -> None:
    expected = list(ipaddress.collapse_addresses(map(ipaddress.IPv4Address, addresses(some))))
    assert [prefix.network for prefix in aggregate(some)] == expected


@given(st.lists(small_range(), max_size=6))
def test_order_does_not_matter_and_a_second_time_changes_nothing(some: list[AddressRange]) -> None:
    once = aggregate(some)
    assert aggregate(reversed(some)) == once == aggregate(map(range_of, once))
    assert count_addresses(once, 4) == len(addresses(some))


def test_neighbours_are_joined_however_they_are_cut() -> None:
    parts = [AddressRange(4, START + first, START + last) for first, last in ((4, 7), (0, 2), (3, 3), (8, 15))]
    assert [str(prefix) for prefix in aggregate(parts)] == ["10.0.0.0/28"]


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "255.255.255.255/32", "ff00::/8", "2001:db8::1/128"])
def test_a_prefix_is_its_range(text: str) -> None:
    assert [str(prefix) for prefix in aggregate([range_of(parse_prefix(text))])] == [text]


def test_families_do_not_meet_and_ipv4_comes_first() -> None:
    both = [AddressRange(6, START, START), AddressRange(4, START, START + 2)]
    assert [str(prefix) for prefix in aggregate(both)] == ["10.0.0.0/31", "10.0.0.2/32", "::a00:0/128"]
