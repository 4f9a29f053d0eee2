# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface through which a router reaches everything else.

Rules of this file: no input or output. A route tells its gateway as it was set, which may be an address that another
route leads to; where its packets go is in `immediate-gw` (MikroTik manual, "IP Routing").
"""

from __future__ import annotations

from typing import Dict, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import decode_flag

Row = Dict[str, str]

ROUTES = {4: ("/ip/route", "0.0.0.0/0"), 6: ("/ipv6/route", "::/0")}
WAY_WORDS = ("dst-address", "gateway", "routing-table", "immediate-gw", "active", "disabled")
_DESTINATIONS = tuple(prefix for _path, prefix in ROUTES.values())


def way_out(routes: Sequence[Row]) -> str:
    """Give the interface of the default route that is in use; empty where there is none, or where it is several."""
    found = {
        interface
        for row in routes
        if row.get("dst-address") in _DESTINATIONS
        and row.get("routing-table", "main") == "main"
        and decode_flag(row.get("active"))
        for interface in map(_interface, row.get("immediate-gw", "").split(","))
    }
    return found.pop() if len(found) == 1 else ""


def _interface(gateway: str) -> str:
    address, percent, interface = gateway.rpartition("%")
    return interface if percent or not address else address
