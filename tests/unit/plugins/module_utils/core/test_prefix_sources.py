# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.delegated_statistics import parse_statistics
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.prefix_lists import (
    parse_prefix_list,
    render_prefix_list,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import aggregate

BOTH = ("ipv4", "ipv6")
# Shaped after the examples of the format's description; addresses of the documentation and others.
STATISTICS = """\
# a comment
2.3|apnic|20261120|8|19830613|20261119|+1000
apnic|*|asn|*|1|summary
apnic|*|ipv4|*|5|summary
apnic|*|ipv6|*|2|summary
apnic|NZ|asn|64500|1|20020801|allocated
apnic|NZ|ipv4|192.0.2.0|128|20110811|assigned
apnic|NZ|ipv4|198.51.100.0|768|20110414|allocated|A91A7381
apnic|nz|ipv4|192.0.2.128|128|20110811|allocated
apnic|AU|ipv4|203.0.113.0|256|20110811|assigned
apnic||ipv4|10.0.0.0|256||available
apnic|NZ|ipv6|2001:db8:4000::|35|20110811|allocated
apnic|NZ|ipv6|2001:db8:6000::|35|20110811|reserved

"""


def parsed(text: str, *countries: str, families: tuple[str, ...] = BOTH) -> list[str]:
    return [str(prefix) for prefix in aggregate(parse_statistics(text, countries, families))]


def test_what_is_allocated_or_assigned_to_a_country_counts() -> None:
    expected = ["192.0.2.0/24", "198.51.100.0/23", "198.51.102.0/24", "2001:db8:4000::/35"]
    assert parsed(STATISTICS, "NZ") == expected
    assert parsed(STATISTICS, "nz", families=("ipv6",)) == expected[-1:]
    assert parsed(STATISTICS, "AU", "NZ") == [*expected[:3], "203.0.113.0/24", expected[3]]


def test_a_count_that_is_no_power_of_two_is_several_prefixes() -> None:
    line = "apnic|NZ|ipv4|198.51.100.0|768|20110414|allocated"
    assert parsed(f"2|apnic|1|1|1|1|+0\n{line}\n", "NZ") == ["198.51.100.0/23", "198.51.102.0/24"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("<html>moved</html>", "does not begin with a line of version 2"),
        (STATISTICS.replace("2.3|", "3|"), "does not begin with a line of version 2"),
        (STATISTICS + "apnic|NZ|ipv4|192.0.2", "line 15 is cut short"),
        (STATISTICS.replace("|768|", "|many|"), "line 8 has no address or no number"),
        (STATISTICS.replace("|35|20110811|allocated", "|129|20110811|allocated"), "line 12 has no address or no"),
        (STATISTICS.replace("198.51.100.0|768", "255.255.255.0|768"), "line 8 goes beyond the last address"),
        (STATISTICS.replace("198.51.100.0", "2001:db8::"), "line 8 has no address"),
    ],
)
def test_a_file_that_is_none_or_is_damaged_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        parsed(text, "NZ")


def test_a_country_of_which_there_is_nothing_is_named() -> None:
    with pytest.raises(InvalidValue, match="has nothing of XX"):
        parsed(STATISTICS, "NZ", "xx")


def test_a_list_has_prefixes_addresses_ranges_and_comments() -> None:
    text = "# top\n10.0.0.0/8 ; ours\n\n192.0.2.1\n198.51.100.0 - 198.51.100.2\n2001:db8::/32\n10.1.2.3/16"
    expected = ["10.0.0.0/8", "192.0.2.1/32", "198.51.100.0/31", "198.51.100.2/32", "2001:db8::/32"]
    prefixes = aggregate(parse_prefix_list(text))
    assert [str(prefix) for prefix in prefixes] == expected
    assert aggregate(parse_prefix_list(render_prefix_list(prefixes))) == prefixes


@pytest.mark.parametrize("line", ["<html>", "::/129", "10.0.0.9 - 10.0.0.1", "10.0.0.0/8 - 11.0.0.0", "10.0.0.1 - ::1"])
def test_a_line_that_is_no_prefix_makes_it_no_list(line: str) -> None:
    with pytest.raises(InvalidValue, match="line 2: "):
        parse_prefix_list(f"10.0.0.0/8\n{line}\n")
