# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix, parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import (
    nestings,
    sort_key,
    subtract,
)


def prefixes(*texts: str) -> list[Prefix]:
    return [parse_prefix(text) for text in texts]


@st.composite
def small_prefix(draw: st.DrawFn) -> Prefix:
    """Give a prefix of 10.0.0.0/26, so that several meet."""
    return parse_prefix(f"10.0.0.{draw(st.integers(0, 63))}/{draw(st.integers(26, 32))}")


def addresses(some: list[Prefix]) -> set[int]:
    return {int(address) for prefix in some for address in prefix.network}


def test_the_internet_without_one_network_is_minimal_and_sorted() -> None:
    result = [str(prefix) for prefix in subtract(prefixes("0.0.0.0/0"), prefixes("10.0.0.0/8"))]
    expected = ipaddress.ip_network("0.0.0.0/0").address_exclude(ipaddress.ip_network("10.0.0.0/8"))
    assert result == [str(network) for network in sorted(expected)]


def test_families_do_not_meet() -> None:
    result = subtract(prefixes("::/0", "0.0.0.0/0"), prefixes("::/1"))
    assert [str(prefix) for prefix in result] == ["0.0.0.0/0", "8000::/1"]


def test_halves_are_joined() -> None:
    assert subtract(prefixes("10.0.1.0/24", "10.0.0.0/24"), []) == prefixes("10.0.0.0/23")
    assert subtract(prefixes("0.0.0.0/1", "128.0.0.0/1"), []) == prefixes("0.0.0.0/0")


@pytest.mark.parametrize("removed", ["10.0.0.0/8", "10.1.0.0/16"])
def test_what_is_removed_as_a_whole_leaves_nothing(removed: str) -> None:
    assert subtract(prefixes("10.1.0.0/16"), prefixes(removed)) == []


@given(st.lists(small_prefix(), max_size=5), st.lists(small_prefix(), max_size=5))
def test_exactly_the_other_addresses_are_left_in_the_fewest_prefixes(kept: list[Prefix], removed: list[Prefix]) -> None:
    result = subtract(kept, removed)
    expected = addresses(kept) - addresses(removed)
    assert addresses(result) == expected
    fewest = ipaddress.collapse_addresses(ipaddress.IPv4Address(number) for number in expected)
    assert [prefix.network for prefix in result] == list(fewest)


@given(st.lists(small_prefix(), max_size=8))
def test_every_pair_that_shares_an_address_is_found_once(some: list[Prefix]) -> None:
    owned = list(enumerate(some))
    found = {tuple(sorted((a, b))) for (_one, a), (_two, b) in nestings((prefix, index) for index, prefix in owned)}
    assert found == {(a, b) for a, one in owned for b, two in owned if a < b and one.overlaps(two)}


@given(st.lists(small_prefix(), max_size=8))
def test_the_outer_prefix_comes_first(some: list[Prefix]) -> None:
    assert all(outer.contains(inner) for (outer, _a), (inner, _b) in nestings((prefix, 0) for prefix in some))


def test_sorting_puts_ipv4_and_wider_prefixes_first() -> None:
    mixed = prefixes("::/0", "10.0.0.0/16", "10.0.0.0/8", "9.0.0.0/8")
    assert sorted(mixed, key=sort_key) == prefixes("9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/16", "::/0")
