# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses as ranges, and the fewest prefixes that hold exactly them.

Rules of this file: pure, whole numbers only: a country has tens of thousands of ranges.
"""

from __future__ import annotations

from typing import Iterable, Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix

BITS = {4: 32, 6: 128}


class AddressRange(NamedTuple):
    """The addresses of a family from `first` to `last`, both included, as numbers."""

    version: int
    first: int
    last: int


def range_of(prefix: Prefix) -> AddressRange:
    """Give the addresses of a prefix."""
    first = int.from_bytes(prefix.packed, "big")
    return AddressRange(prefix.version, first, first + (1 << BITS[prefix.version] - prefix.length) - 1)


def aggregate(ranges: Iterable[AddressRange]) -> list[Prefix]:
    """Give the fewest prefixes that hold exactly the addresses of the ranges, IPv4 first, in their order."""
    return [prefix for joined in _joined(ranges) for prefix in _prefixes(joined)]


def count_addresses(prefixes: Iterable[Prefix], version: int) -> int:
    """Give the number of addresses of one family in prefixes that do not overlap."""
    return sum(1 << BITS[version] - prefix.length for prefix in prefixes if prefix.version == version)


def _joined(ranges: Iterable[AddressRange]) -> Iterator[AddressRange]:
    """Join what overlaps or touches."""
    current = None
    for each in sorted(ranges):
        if current is None or each.version != current.version or each.first > current.last + 1:
            if current is not None:
                yield current
            current = each
        elif each.last > current.last:
            current = current._replace(last=each.last)
    if current is not None:
        yield current


def _prefixes(addresses: AddressRange) -> Iterator[Prefix]:
    version, first, last = addresses
    bits = BITS[version]
    while first <= last:
        # As wide as its start is aligned to, and as fits.
        size = min((first & -first).bit_length() - 1 if first else bits, (last - first + 1).bit_length() - 1)
        yield Prefix(first.to_bytes(bits // 8, "big"), bits - size)
        first += 1 << size
