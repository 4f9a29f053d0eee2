# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.addressing import (
    Allocator,
    is_usable,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    parse_interface_address,
    parse_prefix,
)


def given_out(pool: str, count: int, *taken: str) -> list[str]:
    allocator = Allocator([parse_prefix(pool)], [parse_interface_address(text) for text in taken])
    return [str(address) for dummy in range(count) for address in allocator.complete(())[0]]


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("10.0.0.0/30", ["10.0.0.1/30", "10.0.0.2/30"]),
        ("10.0.0.0/31", ["10.0.0.0/31", "10.0.0.1/31"]),
        ("10.0.0.7/32", ["10.0.0.7/32"]),
        ("fd00::/127", ["fd00::/127", "fd00::1/127"]),
        ("fd00::/126", ["fd00::1/126", "fd00::2/126", "fd00::3/126"]),
    ],
)
def test_every_usable_address_of_a_pool_is_given_out_once(pool: str, expected: list[str]) -> None:
    assert given_out(pool, 5) == expected


def test_the_lowest_free_address_is_given_out() -> None:
    assert given_out("10.0.0.0/24", 2, "10.0.0.1", "10.0.0.3/24") == ["10.0.0.2/24", "10.0.0.4/24"]


def test_an_exhausted_pool_is_named() -> None:
    pool = parse_prefix("10.0.0.1/32")
    allocator = Allocator([pool], [])
    assert allocator.complete(())[1] == []
    assert allocator.complete(()) == ((), [pool])


def test_a_pool_of_which_there_is_an_address_gives_no_second_one() -> None:
    had = parse_interface_address("10.0.0.9/24")
    assert Allocator([parse_prefix("10.0.0.0/24")], [had]).complete([had]) == ((had,), [])


@pytest.mark.parametrize(
    ("address", "pool", "usable"),
    [
        ("10.0.0.0", "10.0.0.0/24", False),
        ("10.0.0.255", "10.0.0.0/24", False),
        ("10.0.0.254", "10.0.0.0/24", True),
        ("fd00::", "fd00::/64", False),
        ("fd00::ffff:ffff:ffff:ff80", "fd00::/64", False),
        ("fd00::ffff:ffff:ffff:ff7f", "fd00::/64", True),
    ],
)
def test_network_broadcast_and_anycast_addresses_are_for_nobody(address: str, pool: str, usable: bool) -> None:
    assert is_usable(parse_interface_address(address), parse_prefix(pool)) is usable
