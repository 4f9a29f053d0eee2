# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which link of the namespace is which interface of the router, and which interfaces a list holds (CLI reference)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration

_LINK = re.compile(r"[A-Za-z0-9_.-]{1,15}")


@dataclass(frozen=True)
class Links:
    """Links by interface name; an interface that has none is a port without a cable."""

    by_interface: dict[str, str]
    lists: dict[str, frozenset[str]]

    def of(self, interface: str) -> str | None:
        """Give the link of an interface."""
        return self.by_interface.get(interface)

    def of_list(self, name: str) -> list[str]:
        """Give the links of a list's interfaces, sorted."""
        return sorted({link for each in self.lists.get(name, ()) if (link := self.of(each)) is not None})


def _enabled(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if row.get("disabled") != "true"]


def links(configuration: Configuration, ports: dict[str, str]) -> Links:
    """Find the links. A bridge without one of its own is where its first connected port is."""
    found = {"lo": "lo", **ports}
    for row in _enabled(configuration["/interface/bridge/port"]):
        if row["interface"] in ports:
            found.setdefault(row["bridge"], ports[row["interface"]])
    for row in configuration.get("/interface/wireguard", []):
        name = row["name"]
        found[name] = name if _LINK.fullmatch(name) else f"sim{row['.id'][1:]}"
    every = {
        row["name"]
        for menu in ("/interface/ethernet", "/interface/bridge", "/interface/wireguard", "/interface/loopback")
        for row in configuration.get(menu, [])
    }
    return Links(found, _lists(configuration, frozenset(every)))


def _lists(configuration: Configuration, every: frozenset[str]) -> dict[str, frozenset[str]]:
    rows = {row["name"]: row for row in configuration["/interface/list"]}
    members: dict[str, set[str]] = {}
    for row in _enabled(configuration["/interface/list/member"]):
        members.setdefault(row["list"], set()).add(row["interface"])
    builtin = {"all": every, "static": every, "none": frozenset[str](), "dynamic": frozenset[str]()}

    def resolve(name: str, seen: frozenset[str]) -> frozenset[str]:
        if name in builtin:
            return builtin[name]
        if name in seen or name not in rows:
            return frozenset()
        inner = seen | {name}
        included = [resolve(each, inner) for each in rows[name]["include"].split(",") if each]
        excluded = [resolve(each, inner) for each in rows[name]["exclude"].split(",") if each]
        return frozenset().union(*included).difference(*excluded) | members.get(name, set())

    return {name: resolve(name, frozenset()) for name in rows}
