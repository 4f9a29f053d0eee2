# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interfaces through which a host reaches everything: those of its default routes.

Rules of this file: nothing is read before it is asked for, since it costs the import of pyroute2.
"""

from __future__ import annotations

import socket
from typing import Any, Iterator, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.rtnetlink import Rtnetlink
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import MAIN_TABLE

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_UNICAST = 1  # linux/rtnetlink.h
_DEAD = 1  # RTNH_F_DEAD


class WaysOut(Mapping[int, str]):
    """By IP version: the interface of the default route in the main table, of several that with the lowest metric."""

    def __init__(self) -> None:
        self._found: dict[int, str] | None = None

    def __getitem__(self, version: int) -> str:
        return self._all()[version]

    def __iter__(self) -> Iterator[int]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[int, str]:
        if self._found is None:
            self._found = _read()
        return self._found


def _read() -> dict[int, str]:
    channel = Rtnetlink()
    try:
        found = {}
        for version, family in _FAMILIES.items():
            rows = channel.dump("routes", "read the default routes", family=family, table=MAIN_TABLE)
            ways = sorted(way for way in map(_way, rows) if way)
            if ways:
                found[version] = socket.if_indextoname(ways[0][1])
        return found
    finally:
        channel.close()


def _way(row: Any) -> tuple[int, int] | None:
    """Give metric and interface of a default route, None for another one."""
    if row["dst_len"] or row["type"] != _UNICAST or row.get_attr("RTA_TABLE") not in (None, MAIN_TABLE):
        return None
    hops = row.get_attr("RTA_MULTIPATH") or []
    index = next((hop["oif"] for hop in hops if not hop["flags"] & _DEAD), row.get_attr("RTA_OIF"))
    return (row.get_attr("RTA_PRIORITY") or 0, index) if index and not row["flags"] & _DEAD else None
