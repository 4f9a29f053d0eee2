# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnel addresses out of pools.

Rules of this file: a member has an address of each pool; the lowest free one is given out; an address that somebody
has, or had when leaving, is not given to another. IPv4 network and broadcast addresses stay unused (but for /31,
RFC 3021), and so do the IPv6 anycast addresses: the first of a subnet (RFC 4291, section 2.6.1) and its last 128
(RFC 2526).
"""

from __future__ import annotations

from typing import Iterable, Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import InterfaceAddress, Prefix

RESERVED_ANYCAST = 128


def usable(pool: Prefix) -> tuple[int, int]:
    """Give the first and the last address of a pool that a member may have, as numbers."""
    spare = len(pool.packed) * 8 - pool.length
    first = int.from_bytes(pool.packed, "big")
    last = first + (1 << spare) - 1
    if spare <= 1:
        return first, last
    if pool.version == 4:
        return first + 1, last - 1
    return first + 1, last - RESERVED_ANYCAST if spare > 7 else last


def is_usable(address: InterfaceAddress, pool: Prefix) -> bool:
    """Tell whether a member may have this address of the pool."""
    first, last = usable(pool)
    return first <= int.from_bytes(address.packed, "big") <= last


class Allocator:
    """Gives out addresses. Asked for n of them, it does n steps and no more than one per address that is taken."""

    def __init__(self, pools: Sequence[Prefix], taken: Iterable[InterfaceAddress]) -> None:
        self._taken: set[bytes] = {address.packed for address in taken}
        self._free = [(pool, self._candidates(pool)) for pool in pools]

    def _candidates(self, pool: Prefix) -> Iterator[InterfaceAddress]:
        first, last = usable(pool)
        number, size = first, len(pool.packed)
        while number <= last:
            packed = number.to_bytes(size, "big")
            if packed not in self._taken:
                yield InterfaceAddress(packed, pool.length)
            number += 1

    def complete(self, addresses: Sequence[InterfaceAddress]) -> tuple[tuple[InterfaceAddress, ...], list[Prefix]]:
        """Add an address for each pool of which there is none yet. Gives also the pools that have none left."""
        result = list(addresses)
        exhausted: list[Prefix] = []
        for pool, candidates in self._free:
            if any(pool.contains(address.host) for address in addresses):
                continue
            address = next(candidates, None)
            if address is None:
                exhausted.append(pool)
            else:
                result.append(address)
        return tuple(result), exhausted
