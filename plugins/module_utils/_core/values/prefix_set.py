# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of prefixes: what lies in what, and what is left without some.

Rules of this file: prefixes are sorted once and then swept; two prefixes either nest or share nothing.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, Iterator, TypeVar

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import InterfaceAddress, Prefix

T = TypeVar("T")


def sort_key(prefix: Prefix | InterfaceAddress) -> tuple[int, bytes, int]:
    """Order by family, then by address, the wider prefix first."""
    return len(prefix.packed), prefix.packed, prefix.length


def numeric_host(host: str) -> Prefix | None:
    """Give a host that is written as an address, as a prefix; None for a name."""
    try:
        packed = ipaddress.ip_address(host.partition("%")[0]).packed
    except ValueError:
        return None
    return Prefix(packed, len(packed) * 8)


def nestings(owned: Iterable[tuple[Prefix, T]]) -> Iterator[tuple[tuple[Prefix, T], tuple[Prefix, T]]]:
    """Give every pair of which the second lies within the first. Of equal ones, the earlier is the first."""
    open_ones: list[tuple[Prefix, T]] = []
    for inner in sorted(owned, key=lambda item: sort_key(item[0])):
        while open_ones and not open_ones[-1][0].contains(inner[0]):
            open_ones.pop()
        for outer in open_ones:
            yield outer, inner
        open_ones.append(inner)


def subtract(prefixes: Iterable[Prefix], removed: Iterable[Prefix]) -> list[Prefix]:
    """Give the fewest prefixes that hold exactly the addresses of the ones that are not in the others, sorted."""
    kept: list[Prefix] = []
    gaps = sorted(set(removed), key=sort_key)
    for prefix in _outermost(prefixes):
        kept.extend(_without(prefix, [gap for gap in gaps if gap.overlaps(prefix)]))
    return _merged(kept)


def _outermost(prefixes: Iterable[Prefix]) -> Iterator[Prefix]:
    last = None
    for prefix in sorted(set(prefixes), key=sort_key):
        if last is None or not last.contains(prefix):
            last = prefix
            yield prefix


def _without(prefix: Prefix, gaps: list[Prefix]) -> Iterator[Prefix]:
    if not gaps:
        yield prefix
    elif not any(gap.contains(prefix) for gap in gaps):
        for half in _halves(prefix):
            yield from _without(half, [gap for gap in gaps if gap.overlaps(half)])


def _halves(prefix: Prefix) -> tuple[Prefix, Prefix]:
    size = len(prefix.packed)
    bit = 1 << (size * 8 - prefix.length - 1)
    upper = (int.from_bytes(prefix.packed, "big") | bit).to_bytes(size, "big")
    return Prefix(prefix.packed, prefix.length + 1), Prefix(upper, prefix.length + 1)


def _merged(prefixes: Iterable[Prefix]) -> list[Prefix]:
    """Join neighbours that are the halves of one prefix. The input has no overlaps."""
    result: list[Prefix] = []
    for prefix in sorted(prefixes, key=sort_key):
        result.append(prefix)
        while len(result) > 1 and result[-1].length and _parent(result[-1]) == _parent(result[-2]):
            result[-2:] = [_parent(result[-1])]
    return result


def _parent(prefix: Prefix) -> Prefix:
    size = len(prefix.packed)
    spare = size * 8 - prefix.length + 1
    number = int.from_bytes(prefix.packed, "big") >> spare << spare
    return Prefix(number.to_bytes(size, "big"), max(prefix.length - 1, 0))
