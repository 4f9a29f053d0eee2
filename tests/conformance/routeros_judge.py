# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router says of an interface to a plain librouteros client, in the words of a declaration.

Rules of this file: nothing of the collection is used: a judge shares no code with what it judges.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import librouteros

from ansible_collections.wgfleet.wireguard.tests.conformance.judge import Shown, ShownPeer
from ansible_collections.wgfleet.wireguard.tests.device.access import Login

_FAMILIES = (("ip", 4), ("ipv6", 6))


class RouterJudge:
    """A client that prints whole menus and removes what a test left on a router that is not thrown away."""

    def __init__(self, login: Login) -> None:
        self._api = librouteros.connect(
            login.host, login.username, login.password, port=login.port, encoding="utf-8", timeout=60
        )

    def close(self) -> None:
        self._api.close()

    def rows(self, menu: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self._api(menu + "/print", **{"show-sensitive": ""} if self._hides(menu) else {})]

    def _hides(self, menu: str) -> bool:
        [resource] = self._api("/system/resource/print")
        release = tuple(map(int, re.findall(r"\d+", str(resource["version"]))[:2]))
        return menu.startswith("/interface/wireguard") and release >= (7, 21)

    def shown(self, name: str) -> Shown | None:
        """Give what the router says."""
        row = next((row for row in self.rows("/interface/wireguard") if row["name"] == name), None)
        if row is None:
            return None
        peers = [peer for peer in self.rows("/interface/wireguard/peers") if peer["interface"] == name]
        return Shown(
            private_key=row["private-key"],
            listen_port=row["listen-port"],
            fwmark=0,
            mtu=row["mtu"],
            up=not row["disabled"],
            addresses=frozenset(
                each["address"]
                for family, _version in _FAMILIES
                for each in self.rows(f"/{family}/address")
                if each["interface"] == name and not each["dynamic"] and not each["disabled"]
            ),
            routes=frozenset(
                (each["dst-address"], 254, 0 if each["distance"] == 1 else each["distance"])
                for family, _version in _FAMILIES
                for each in self.rows(f"/{family}/route")
                if each.get("gateway") == name and not each.get("dynamic") and not each["disabled"]
            ),
            peers={peer["public-key"]: _peer(peer) for peer in peers},
        )

    def clear(self, *names: str) -> None:
        """Remove interfaces and all that hangs on them."""
        menus = ["/ip/route", "/ipv6/route", "/ip/address", "/ipv6/address", "/interface/wireguard/peers"]
        for menu in [*menus, "/interface/wireguard"]:
            for row in self.rows(menu):
                if not row.get("dynamic") and {row.get("interface"), row.get("gateway"), row.get("name")} & {*names}:
                    tuple(self._api(menu + "/remove", **{".id": row[".id"]}))


def _peer(row: dict[str, Any]) -> ShownPeer:
    host = str(row["endpoint-address"])
    endpoint = (f"[{host}]" if ":" in host else host) + f":{row['endpoint-port']}" if host else ""
    keepalive = str(row.get("persistent-keepalive", "0s"))
    units = {"h": 3600, "m": 60, "s": 1}
    return ShownPeer(
        row["preshared-key"],
        endpoint,
        frozenset(str(ipaddress.ip_network(each)) for each in str(row["allowed-address"]).split(",") if each),
        sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", keepalive)),
    )
