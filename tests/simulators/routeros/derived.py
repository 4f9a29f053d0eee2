# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items that the router makes from others: connected routes, link-local addresses, the fasttrack dummy.

Rules of this file: functions ``router -> rows``, the same rows with the same ids for the same configuration.
"""

from __future__ import annotations

import hashlib
import ipaddress

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.live import running
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Derived, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row

DUMMY_COMMENT = "special dummy rule to show fasttrack counters"


def _made(router: Router, menu: str, key: str, values: dict[str, str]) -> Row:
    return Row(menu, router.store.derived_id(menu, key), values, system=True)


def fasttrack_dummy(menu: str) -> Derived:
    """Give the first row of a table while fasttrack is in use (cs-routeros-bouncer)."""

    def derive(router: Router) -> list[Row]:
        rules = router.store.rows["/ip/firewall/filter"]
        if not any(row.values.get("action") == "fasttrack-connection" and not row.disabled for row in rules):
            return []
        chain = "forward" if menu.endswith("/filter") else "prerouting"
        return [_made(router, menu, "dummy", {"chain": chain, "action": "passthrough", "comment": DUMMY_COMMENT})]

    return derive


def connected_routes(menu: str, addresses: str) -> Derived:
    """Give a route for the network of each address (schema, CLI reference)."""

    def derive(router: Router) -> list[Row]:
        rows = []
        for row in router.rows(addresses):
            owner = router.find("/interface", row.values["interface"])
            if row.disabled or owner is None or not running(router, owner):
                continue
            local = ipaddress.ip_interface(row.values["address"])
            prefix = str(local.network)
            if "network" in row.values and local.network.prefixlen == 32:
                prefix = f"{row.values['network']}/32"
            name = owner.values["name"]
            values = {
                "dst-address": prefix,
                "gateway": owner.id,
                "gateway-name": name,
                "scope": "10",
                "target-scope": "5",
                "local-address": f"{local.ip}%{name}",
                "dynamic": "true",
                "connect": "true",
            }
            rows.append(_made(router, menu, f"{prefix}%{owner.id}", values))
        return rows

    return derive


def link_local_addresses(router: Router) -> list[Row]:
    """Give each running interface an address of its own link (inferred)."""
    rows = []
    for owner in router.rows("/interface"):
        wireguard = owner.menu == "/interface/wireguard"
        if wireguard and router.profile["wireguard-link-local"] == "no":
            continue
        if owner.menu != "/interface/loopback" and running(router, owner):
            digest = hashlib.sha256(owner.id.encode()).hexdigest()
            address = ipaddress.ip_address(f"fe80::{digest[:4]}:{digest[4:8]}:{digest[8:12]}:{digest[12:16]}")
            values = {"address": f"{address}/64", "interface": owner.id, "advertise": "false"}
            rows.append(_made(router, "/ipv6/address", f"fe80%{owner.id}", values))
    return rows


DERIVED: dict[str, Derived] = {
    "/ip/firewall/filter": fasttrack_dummy("/ip/firewall/filter"),
    "/ip/firewall/mangle": fasttrack_dummy("/ip/firewall/mangle"),
    "/ip/route": connected_routes("/ip/route", "/ip/address"),
    "/ipv6/route": connected_routes("/ipv6/route", "/ipv6/address"),
    "/ipv6/address": link_local_addresses,
}
