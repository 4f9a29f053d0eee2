# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics of the registries of addresses (RIR): which addresses were given to which country.

Rules of this file: pure. The format is that of "RIR statistics exchange format" (APNIC, resource files, version 2):
lines of fields between bars. The first line that is no comment tells the version, lines that end in `summary` count
the others, and a record is `registry|cc|type|start|value|date|status`, with more behind it in the extended format. Of
IPv4 the value is a number of addresses, which need not be a power of two; of IPv6 it is the length of a prefix. Only
what is allocated or assigned counts.
"""

from __future__ import annotations

import ipaddress
from typing import Collection, Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import BITS, AddressRange
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES

_IN_USE = frozenset({"allocated", "assigned"})
_VERSION_FIELDS, _RECORD_FIELDS = 7, 7


def parse_statistics(text: str, countries: Collection[str], families: Collection[str]) -> list[AddressRange]:
    """Give the ranges of some countries (ISO 3166, any case) and families (`ipv4`, `ipv6`).

    Raises InvalidValue where it is no such file, a record is damaged, or there is nothing of one of the countries.
    """
    wanted = {country.upper() for country in countries}
    found: list[AddressRange] = []
    seen: set[str] = set()
    for number, fields in _records(text):
        country, family = fields[1].upper(), fields[2]
        if country not in wanted or family not in FAMILIES or fields[6] not in _IN_USE:
            continue
        seen.add(country)
        if family in families:
            found.append(_range(number, FAMILIES[family], fields[3], fields[4]))
    if wanted - seen:
        raise InvalidValue(f"has nothing of {', '.join(sorted(wanted - seen))}")
    return found


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give the lines that are records, split, with their numbers."""
    has_version = False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.strip().split("|")
        if not has_version:
            if len(fields) < _VERSION_FIELDS or fields[0].split(".")[0] != "2":
                raise InvalidValue("is no file of delegated statistics: it does not begin with a line of version 2")
            has_version = True
        elif fields[-1] != "summary":
            if len(fields) < _RECORD_FIELDS:
                raise InvalidValue(f"line {number} is cut short")
            yield number, fields
    if not has_version:
        raise InvalidValue("is no file of delegated statistics: it is empty")


def _range(number: int, version: int, start: str, value: str) -> AddressRange:
    try:
        first = int(ipaddress.IPv4Address(start) if version == 4 else ipaddress.IPv6Address(start))
        count = int(value) if version == 4 else 1 << BITS[6] - int(value)
    except ValueError:
        raise InvalidValue(f"line {number} has no address or no number where it should") from None
    if count < 1 or first + count > 1 << BITS[version]:
        raise InvalidValue(f"line {number} goes beyond the last address")
    return AddressRange(version, first, first + count - 1)
