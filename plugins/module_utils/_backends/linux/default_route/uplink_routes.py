# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of a host that do not lead through the tunnel: its default routes, and ours along their way.

Rules of this file: ours is what carries our protocol number; a route of someone else is only taken away, or put back,
as a step says. Nothing is compared but what is there with what a write is about.
"""

from __future__ import annotations

import errno
import socket
from typing import Any, Iterable, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.rtnetlink import (
    ADD,
    DELROUTE,
    NEWROUTE,
    REPLACE,
    SET,
    Refused,
    Rtnetlink,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import MAIN_TABLE, UplinkRoute
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    InterfaceAddress,
    parse_interface_address,
    parse_prefix,
)

# linux/rtnetlink.h, linux/if_addr.h
_UNICAST, _UNIVERSE, _LINK, _CLONED, _ONLINK, _TEMPORARY = 1, 0, 253, 0x200, 0x4, 0x1
_STRANGE = ("RTA_MULTIPATH", "RTA_VIA", "RTA_NH_ID", "RTA_ENCAP")  # kinds of next hops that are not told apart here
_GONE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENODEV, errno.EINVAL, errno.ENETDOWN)
_IPV6_DEFAULT_METRIC = 1024
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_ANY = {4: "0.0.0.0", 6: "::"}  # noqa: S104 # a destination, nothing is bound to it


class UplinkRoutes:
    """The routes of one namespace that do not lead through the interface `name`."""

    def __init__(self, name: str, netns: str | None = None) -> None:
        self._name = name
        self._channel = Rtnetlink(netns)

    def foreign(self) -> frozenset[UplinkRoute]:
        """Give the routes of others in the main table; one that cannot be told in our words has no device."""
        found = (route for route in self._rows(table=MAIN_TABLE) if route.protocol)
        return frozenset(route for route in found if route.device != self._name)

    def ours(self) -> frozenset[UplinkRoute]:
        """Give the routes of ours beside the interface, in whatever table."""
        found = (route for route in self._rows(proto=ROUTE_PROTOCOL) if not route.protocol)
        return frozenset(route for route in found if route.device not in ("", self._name))

    def addresses(self) -> Mapping[str, frozenset[InterfaceAddress]]:
        """Give the global addresses of each device that are there to stay."""
        names = self._names()
        found: dict[str, set[InterfaceAddress]] = {}
        for row in self._channel.dump("addr", "read the addresses of this host"):
            flags = row.get_attr("IFA_FLAGS") or row["flags"]
            passing = row["family"] == socket.AF_INET6 and flags & _TEMPORARY
            if row["scope"] == _UNIVERSE and not passing and row["index"] in names:
                text = row.get_attr("IFA_LOCAL") or row.get_attr("IFA_ADDRESS")
                address = parse_interface_address(f"{text}/{row['prefixlen']}")
                found.setdefault(names[row["index"]], set()).add(address)
        return {device: frozenset(held) for device, held in found.items()}

    def refuse_rivals(self, routes: Iterable[UplinkRoute]) -> None:
        """Raise DeviceError where one of our routes would take the place of someone else's. Writes nothing."""
        wanted = {(route.destination, route.table) for route in routes}
        for table, version in sorted({(table, destination.version) for destination, table in wanted}):
            for row in self._rows(version=version, table=table):
                if row.protocol and (row.destination, table) in wanted and not row.metric:
                    raise DeviceError(
                        f"another route to {row.destination} table {table} exists (on {row.device or 'several hops'}): "
                        "remove it, or choose another table"
                    )

    def add(self, route: UplinkRoute) -> None:
        """Add a route of ours. One of ours to the same place gives way."""
        self._send(NEWROUTE, REPLACE if self._is_held(route) else ADD, f"add {_spelled(route)}", route)

    def remove(self, route: UplinkRoute) -> None:
        """Remove a route of ours."""
        self._remove(route, self.ours())

    def displace(self, route: UplinkRoute) -> None:
        """Take a default route of someone else away, if one of ours has not taken its place already."""
        self._remove(route, self.foreign())

    def restore(self, route: UplinkRoute) -> None:
        """Put a default route back, unless its place is taken by a newer one or its link is not what it was."""
        places = [(each.destination, each.device, each.metric) for each in self.foreign()]
        if (route.destination, route.device, route.metric) in places:
            return
        try:
            self._send(NEWROUTE, REPLACE, f"put back {_spelled(route)}", route)
        except Refused as error:
            if error.code not in _GONE:
                raise

    def close(self) -> None:
        """Close the socket. May be called twice."""
        self._channel.close()

    def _is_held(self, route: UplinkRoute) -> bool:
        return any((each.destination, each.table) == (route.destination, route.table) for each in self.ours())

    def _remove(self, route: UplinkRoute, present: frozenset[UplinkRoute]) -> None:
        # To the kernel, no IPv4 metric means the lowest that it finds.
        if route in present:
            self._send(DELROUTE, SET, f"remove {_spelled(route)}", route)

    def _send(self, message: int, flags: int, what: str, route: UplinkRoute) -> None:
        numbers = {name: number for number, name in self._names().items()}
        if route.device not in numbers:
            raise Refused(errno.ENODEV, what)
        self._channel.send("route", message, flags, what, oif=numbers[route.device], **_fields(route))

    def _rows(self, version: int | None = None, **filters: int) -> list[UplinkRoute]:
        names, found = self._names(), []
        for each in (version,) if version else _FAMILIES:
            try:
                rows = self._channel.dump("routes", "read the routes of this host", family=_FAMILIES[each], **filters)
            except Refused as error:
                if error.code == errno.ENOENT:  # a table without routes does not exist
                    continue
                raise
            found += [_route(row, names) for row in rows if _is_meant(row, filters)]
        return found

    def _names(self) -> dict[int, str]:
        rows = self._channel.dump("links", "read the links of this host")
        return {row["index"]: row.get_attr("IFLA_IFNAME") for row in rows}


def _is_meant(row: Any, filters: Mapping[str, int]) -> bool:
    if row["type"] != _UNICAST or row["flags"] & _CLONED or row["tos"]:
        return False
    table = row.get_attr("RTA_TABLE") or row["table"]
    return bool(table == filters.get("table", table) and row["proto"] == filters.get("proto", row["proto"]))


def _route(row: Any, names: Mapping[int, str]) -> UplinkRoute:
    version = 6 if row["family"] == socket.AF_INET6 else 4
    metric = row.get_attr("RTA_PRIORITY") or 0
    strange = any(row.get_attr(attribute) for attribute in _STRANGE)
    return UplinkRoute(
        parse_prefix(f"{row.get_attr('RTA_DST') or _ANY[version]}/{row['dst_len']}"),
        "" if strange else names.get(row.get_attr("RTA_OIF"), ""),
        row.get_attr("RTA_GATEWAY") or "",
        row.get_attr("RTA_TABLE") or row["table"],
        0 if version == 6 and metric == _IPV6_DEFAULT_METRIC else metric,
        row.get_attr("RTA_PREFSRC") or "",
        bool(row["flags"] & _ONLINK),
        0 if row["proto"] == ROUTE_PROTOCOL else row["proto"],
        _metrics(row.get_attr("RTA_METRICS")),
    )


def _metrics(found: Any) -> tuple[tuple[str, int], ...]:
    pairs = found["attrs"] if found is not None else ()
    return tuple(sorted((_metric_name(pair[0]), pair[1]) for pair in pairs if isinstance(pair[1], int) and pair[1]))


def _metric_name(attribute: str) -> str:
    """Give the name by which pyroute2 and ip(8) take a metric, such as mtu."""
    return attribute.replace("RTAX_", "").lower()


def _fields(route: UplinkRoute) -> dict[str, Any]:
    version = route.destination.version
    metric = route.metric or (_IPV6_DEFAULT_METRIC if version == 6 else 0)
    fields = {
        "family": _FAMILIES[version],
        "dst": str(route.destination),
        "table": route.table,
        "proto": route.protocol or ROUTE_PROTOCOL,
        "type": _UNICAST,
        "scope": _LINK if version == 4 and not route.gateway else _UNIVERSE,
        "flags": _ONLINK if route.onlink else 0,
        "priority": metric or None,
        "gateway": route.gateway,
        "prefsrc": route.source,
        "metrics": dict(route.metrics) or None,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _spelled(route: UplinkRoute) -> str:
    gateway = f" via {route.gateway}" if route.gateway else ""
    return f"the route to {route.destination}{gateway} on {route.device}"
