# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item shows that no client can set: running, statistics, invalid, active (schema, exports).

Rules of this file: functions ``(router, row) -> {property: text, or None to leave it out}``; they change nothing.
"""

from __future__ import annotations

import ipaddress
import time

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import render_duration
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.reference_forms import dangling
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Live, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import PeerStatistics
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.x25519 import public_key

Shown = dict[str, "str | None"]

_TYPES = {
    "/interface/wireguard": "wg",
    "/interface/ethernet": "ether",
    "/interface/bridge": "bridge",
    "/interface/vlan": "vlan",
    "/interface/loopback": "loopback",
}


def running(router: Router, row: Row) -> bool:
    """Whether an interface runs. Of two WireGuard interfaces on one port, only the older one does (inferred)."""
    if row.disabled:
        return False
    if row.menu != "/interface/wireguard":
        return True
    port = row.values.get("listen-port")
    return not any(
        other.number < row.number and not other.disabled and other.values.get("listen-port") == port
        for other in router.store.rows[row.menu]
    )


def interface(router: Router, row: Row) -> Shown:
    """Give what the generic menu shows of every interface (schema)."""
    mtu = router.printed_field(row, "mtu")
    seen = [each for (name, _key), each in router.statistics.items() if name == row.values["name"]]
    return {
        "name": row.values["name"],
        "type": _TYPES[row.menu],
        "mtu": mtu,
        "actual-mtu": {"auto": "1420" if row.menu == "/interface/wireguard" else "1500"}.get(mtu, mtu),
        "running": _flag(running(router, row)),
        "rx-byte": str(sum(each.rx for each in seen)),
        "tx-byte": str(sum(each.tx for each in seen)),
    }


def plain_interface(router: Router, row: Row) -> Shown:
    """Give what an interface's own menu shows."""
    return {"running": _flag(running(router, row))}


def wireguard(router: Router, row: Row) -> Shown:
    """Give the key's public half, too (terraform-routeros)."""
    private = row.values.get("private-key")
    return {"running": _flag(running(router, row)), "public-key": public_key(private) if private else ""}


def peer(router: Router, row: Row) -> Shown:
    """Give what the device saw (schema, mktxp)."""
    key = (router.printed_field(row, "interface"), row.values.get("public-key", ""))
    seen = router.statistics.get(key, PeerStatistics())
    return {
        "rx": str(seen.rx),
        "tx": str(seen.tx),
        "current-endpoint-address": seen.endpoint_address,
        "current-endpoint-port": str(seen.endpoint_port),
        "last-handshake": None if seen.handshake is None else render_duration(seen.handshake * 1000),
        **({"client-allowed-address": "::/0"} if _default_client_range(router, row) else {}),
    }


def _default_client_range(router: Router, row: Row) -> bool:
    unset = "client-allowed-address" not in row.values
    return unset and router.profile["client-allowed-address"] == "::/0"


def address(router: Router, row: Row) -> Shown:
    """Give the interface by name once more, and whether it is there (schema)."""
    name = router.printed_field(row, "interface")
    owner = router.find("/interface", row.values["interface"])
    return {
        "actual-interface": name,
        "invalid": _flag(owner is None),
        "global": _flag(not row.values.get("address", "fe80").startswith("fe80")),
        "link-local": _flag(row.values.get("address", "").startswith("fe80")),
    }


def rule(router: Router, row: Row) -> Shown:
    """Tell whether something that the rule names is gone (exports)."""
    menu = router.menus[row.menu]
    shown = {each.name: router.text(row, each) for each in menu.fields if each.kind.named and each.name in row.values}
    return {"invalid": _flag(any(text is not None and dangling(text) for text in shown.values()))}


def _connected(router: Router, version: int) -> list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]:
    """Networks that can be reached directly, with the interface's name."""
    found = []
    for row in router.rows("/ip/address" if version == 4 else "/ipv6/address"):
        owner = router.find("/interface", row.values["interface"])
        if not row.disabled and owner is not None and running(router, owner):
            network = ipaddress.ip_interface(row.values["address"]).network
            if "network" in row.values and network.prefixlen == 32:
                network = ipaddress.ip_network(row.values["network"])
            found.append((network, owner.values["name"]))
    return found


def immediate_gateways(router: Router, row: Row, version: int) -> list[str]:
    """Give the next hops of a route that can be reached now, as they are printed (schema)."""
    found = []
    for gateway in filter(None, row.values.get("gateway", "").split(",")):
        owner = router.find("/interface", gateway) if gateway.startswith("*") else None
        if owner is not None:
            found += [owner.values["name"]] if running(router, owner) else []
            continue
        if gateway.startswith("*"):
            continue
        hop, _percent, device = gateway.partition("%")
        target = ipaddress.ip_address(hop.partition("@")[0])
        wanted = router.name_of("/interface", device) if device else None
        names = [name for network, name in _connected(router, version) if target in network and wanted in (None, name)]
        found += [f"{target}%{name}" for name in names[:1]]
    return found


def _usable(router: Router, row: Row, version: int) -> bool:
    return not row.disabled and ("blackhole" in row.values or bool(immediate_gateways(router, row, version)))


def route(router: Router, row: Row) -> Shown:
    """Tell whether a route is in use: of those to one prefix, the reachable ones of the lowest distance are."""
    version = 4 if row.menu == "/ip/route" else 6
    if row.system:
        return {"disabled": None, "immediate-gw": row.values["gateway-name"], "active": "true", "distance": "0"}
    best = _best_distances(router, row.menu, version).get(_prefix(row), [])
    active = _usable(router, row, version) and _distance(row) == best[0]
    return {
        "immediate-gw": ",".join(immediate_gateways(router, row, version)),
        "static": "true",
        "active": "true" if active else None,
        "inactive": None if active else "true",
        "ecmp": "true" if active and best.count(best[0]) > 1 else None,
    }


def _best_distances(router: Router, menu: str, version: int) -> dict[tuple[str | None, str | None], list[int]]:
    """Give the distances of usable routes by prefix and table, the lowest first."""
    kept = router.computed.get(menu)
    if kept is None or kept[0] != router.store.version:
        found: dict[tuple[str | None, str | None], list[int]] = {}
        for row in router.store.rows[menu]:
            if _usable(router, row, version):
                found.setdefault(_prefix(row), []).append(_distance(row))
        kept = router.computed[menu] = router.store.version, {prefix: sorted(each) for prefix, each in found.items()}
    return kept[1]


def _prefix(row: Row) -> tuple[str | None, str | None]:
    return row.values.get("dst-address"), row.values.get("routing-table")


def _distance(row: Row) -> int:
    return int(row.values.get("distance", "1"))


def table(_router: Router, row: Row) -> Shown:
    """The built-in table is dynamic (tik4net)."""
    return {"dynamic": _flag(row.system)}


def interface_list(_router: Router, row: Row) -> Shown:
    """The built-in lists say so (schema)."""
    return {"builtin": _flag(row.system), "dynamic": "false"}


def listed_address(_router: Router, row: Row) -> Shown:
    """Count a timeout down (CLI reference)."""
    if "expires" not in row.values:
        return {}
    left = max(0, int(float(row.values["expires"]) - time.time()))
    return {"timeout": render_duration(left * 1000), "dynamic": "true"}


def user(_router: Router, _row: Row) -> Shown:
    """Never show a password."""
    return {"password": None}


def resource(router: Router, _row: Row) -> Shown:
    """Give version and uptime (schema)."""
    channel = "testing" if any(mark in router.profile.version for mark in ("rc", "beta")) else "stable"
    return {
        "version": f"{router.profile.version} ({channel})",
        "uptime": render_duration(int(time.time() - router.started) * 1000),
    }


def clock(router: Router, _row: Row) -> Shown:
    """Give date and time."""
    date, _space, moment = router.profile.date(router.now).partition(" ")
    return {"date": date, "time": moment}


def _flag(value: bool) -> str:
    return "true" if value else "false"


LIVE: dict[str, Live] = {
    "/interface": interface,
    "/interface/ethernet": plain_interface,
    "/interface/bridge": plain_interface,
    "/interface/vlan": plain_interface,
    "/interface/wireguard": wireguard,
    "/interface/wireguard/peers": peer,
    "/interface/list": interface_list,
    "/ip/address": address,
    "/ipv6/address": address,
    "/ip/route": route,
    "/ipv6/route": route,
    "/routing/table": table,
    "/user": user,
    "/system/resource": resource,
    "/system/clock": clock,
    **{f"/{family}/firewall/{name}": rule for family in ("ip", "ipv6") for name in ("filter", "nat", "mangle")},
    **{f"/{family}/firewall/address-list": listed_address for family in ("ip", "ipv6")},
}
