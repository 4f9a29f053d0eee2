# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes that lead through one interface, and policy rules, as far as they are ours.

Rules of this file: ours is what carries our protocol number; only that is read and removed, but for the policy rules
that systemd-networkd has made from a file of ours, where there is one. A route of someone else to the same place
(destination, table and metric) is never replaced, unless it leads through this very interface. Routes of others through
the interface are read only to be put back as they were, where the kernel drops them on the side.
"""

from __future__ import annotations

import errno
import socket
from typing import Any, Iterable, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.rtnetlink import (
    ADD,
    DELROUTE,
    DELRULE,
    NEWROUTE,
    NEWRULE,
    REPLACE,
    SET,
    Refused,
    Rtnetlink,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Route, Rule
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix, parse_prefix

# linux/rtnetlink.h, linux/fib_rules.h, linux/ipv6_route.h
_UNICAST, _SCOPE_UNIVERSE, _SCOPE_LINK, _CLONED, _ONLINK = 1, 0, 253, 0x200, 0x4
_KERNEL = 2  # RTPROT_KERNEL: it makes those routes itself, of addresses
_STRANGE = ("RTA_MULTIPATH", "RTA_VIA", "RTA_NH_ID", "RTA_ENCAP")  # kinds of next hops that cannot be said here
# Why a route cannot stand any more: its place is taken, or its gateway or source went with the address.
_UNTENABLE = (errno.EEXIST, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.ENETDOWN)
_NETWORKD = 4  # RTPROT_STATIC, which systemd-networkd gives to its policy rules
_TO_TABLE, _INVERT, _NO_SUPPRESSION = 1, 0x2, 0xFFFFFFFF
_IPV6_DEFAULT_METRIC = 1024  # what the kernel makes of a missing one

_ANY = {4: "0.0.0.0", 6: "::"}  # noqa: S104 # a destination, nothing is bound to it
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}

Fields = Tuple[Tuple[str, Any], ...]  # of a route, by pyroute2's names


class Routing:
    """Routes through the interface whose number `index` gives, and the rules of its namespace."""

    def __init__(self, channel: Rtnetlink, name: str, index: Any) -> None:
        self._channel = channel
        self._name = name
        self._index = index
        self.yielding: frozenset[Route] = frozenset()  # places from which routes of others are about to go
        self.of_networkd = False  # whether policy rules of systemd-networkd are from a file of ours

    def routes(self) -> frozenset[Route]:
        """Give our routes through the interface."""
        index, found = self._index(), []
        for family in _FAMILIES.values():
            what = "read the routes through " + self._name
            rows = self._channel.dump("routes", what, family=family, oif=index, proto=ROUTE_PROTOCOL)
            found += [_route(row) for row in rows if _leads(row) and _is_ours(row, index)]
        return frozenset(found)

    def of_others(self) -> frozenset[Fields]:
        """Give the IPv4 routes of others through the interface, in all tables, without those of the kernel itself."""
        index = self._index()
        rows = self._channel.dump(
            "routes", "read the routes of others through " + self._name, family=socket.AF_INET, oif=index
        )
        passed_over = (ROUTE_PROTOCOL, _KERNEL)
        found = (row for row in rows if row.get_attr("RTA_OIF") == index and row["proto"] not in passed_over)
        return frozenset(
            _as_it_is(row)
            for row in found
            if not row["flags"] & _CLONED and not any(row.get_attr(attribute) for attribute in _STRANGE)
        )

    def put_back(self, routes: frozenset[Fields]) -> None:
        """Put those back that were there and are gone, as far as they can stand; through a gateway comes last."""
        gone = routes - self.of_others() if routes else ()
        for fields in sorted(map(dict, gone), key=lambda each: "gateway" in each):
            what = f"put back the route to {fields['dst']} table {fields['table']} through {self._name}"
            try:
                self._channel.send("route", NEWROUTE, ADD, what, **{**fields, "metrics": dict(fields["metrics"])})
            except Refused as error:
                if error.code not in _UNTENABLE:
                    raise

    def refuse_rivals(self, routes: Iterable[Route], index: int | None) -> None:
        """Raise DeviceError where one of the routes would take the place of someone else's. Writes nothing."""
        wanted = frozenset(routes) - self.yielding
        for table, version in {(route.table, route.destination.version) for route in wanted}:
            for row in self._rows(table, version):
                if _leads(row) and _route(row) in wanted and row.get_attr("RTA_OIF") != (index or -1):
                    raise DeviceError(_rival(row))

    def add_route(self, route: Route) -> None:
        """Add a route through the interface. One that is there already becomes ours, if it leads the same way."""
        what = f"add the route {_spelled(route)} through {self._name}"
        try:
            self._channel.send("route", NEWROUTE, ADD, what, **self._fields(route))
            return
        except Refused as error:
            if error.code != errno.EEXIST:
                raise
        self.refuse_rivals([route], self._index())
        self._channel.send("route", NEWROUTE, REPLACE, what, **self._fields(route))

    def remove_route(self, route: Route) -> None:
        """Remove a route of ours that is there: to the kernel, no IPv4 metric means the lowest that it finds."""
        what = f"remove the route {_spelled(route)} through {self._name}"
        self._remove("route", DELROUTE, what, errno.ESRCH, self._fields(route))

    def rules(self) -> frozenset[Rule]:
        """Give all rules of ours in this namespace; they name no interface.

        Those of systemd-networkd may be from files of others too: only those that a record has are ours.
        """
        found, protocols = [], (ROUTE_PROTOCOL, _NETWORKD) if self.of_networkd else (ROUTE_PROTOCOL,)
        for version, family in _FAMILIES.items():
            rows = self._channel.dump("rules", "read the policy rules", family=family)
            found += [_rule(version, row) for row in rows if row.get_attr("FRA_PROTOCOL") in protocols]
        return frozenset(found)

    def add_rule(self, rule: Rule) -> None:
        """Add a policy rule with our mark; someone else's equal one stays beside it."""
        try:
            self._channel.send("rule", NEWRULE, ADD, f"add a policy rule of priority {rule.priority}", **_fields(rule))
        except Refused as error:
            if error.code != errno.EEXIST:
                raise

    def remove_rule(self, rule: Rule) -> None:
        """Remove a policy rule of ours."""
        what = f"remove a policy rule of priority {rule.priority}"
        self._remove("rule", DELRULE, what, errno.ENOENT, _fields(rule))
        if self.of_networkd:
            self._remove("rule", DELRULE, what, errno.ENOENT, {**_fields(rule), "protocol": _NETWORKD})

    def adopt_rules(self, rules: Iterable[Rule]) -> None:
        """Have with our mark what systemd-networkd has made, whose file of ours is about to go."""
        for rule in rules if self.of_networkd else ():
            self.add_rule(rule)
            self._remove("rule", DELRULE, "adopt a policy rule", errno.ENOENT, {**_fields(rule), "protocol": _NETWORKD})

    def _remove(self, kind: str, message: int, what: str, harmless: int, fields: dict[str, Any]) -> None:
        try:
            self._channel.send(kind, message, SET, what, **fields)
        except Refused as error:
            if error.code != harmless:
                raise

    def _rows(self, table: int, version: int) -> tuple[Any, ...]:
        what = f"read the routes of table {table}"
        try:
            return self._channel.dump("routes", what, family=_FAMILIES[version], table=table)
        except Refused as error:
            if error.code == errno.ENOENT:  # a table without routes does not exist
                return ()
            raise

    def _fields(self, route: Route) -> dict[str, Any]:
        version = route.destination.version
        metric = route.metric or (_IPV6_DEFAULT_METRIC if version == 6 else 0)
        return {
            "family": _FAMILIES[version],
            "dst": str(route.destination),
            "table": route.table,
            "oif": self._index(),
            "proto": ROUTE_PROTOCOL,
            "type": _UNICAST,
            "scope": _SCOPE_LINK if version == 4 else _SCOPE_UNIVERSE,
            **({"priority": metric} if metric else {}),
        }


def _leads(row: Any) -> bool:
    return bool(row["type"] == _UNICAST and not row["flags"] & _CLONED)


def _is_ours(row: Any, index: int) -> bool:
    return bool(row["proto"] == ROUTE_PROTOCOL and row.get_attr("RTA_OIF") == index)


def _route(row: Any) -> Route:
    version = 6 if row["family"] == socket.AF_INET6 else 4
    metric = row.get_attr("RTA_PRIORITY") or 0
    return Route(
        _prefix(version, row.get_attr("RTA_DST"), row["dst_len"]),
        row.get_attr("RTA_TABLE") or row["table"],
        0 if version == 6 and metric == _IPV6_DEFAULT_METRIC else metric,
    )


def _as_it_is(row: Any) -> Fields:
    metrics = row.get_attr("RTA_METRICS")
    pairs = metrics["attrs"] if metrics is not None else ()
    fields = {
        "family": row["family"],
        "dst": str(_prefix(4, row.get_attr("RTA_DST"), row["dst_len"])),
        "table": row.get_attr("RTA_TABLE") or row["table"],
        "oif": row.get_attr("RTA_OIF"),
        "proto": row["proto"],
        "type": row["type"],
        "scope": row["scope"],
        "tos": row["tos"],
        "flags": row["flags"] & _ONLINK,
        "priority": row.get_attr("RTA_PRIORITY"),
        "gateway": row.get_attr("RTA_GATEWAY"),
        "prefsrc": row.get_attr("RTA_PREFSRC"),
        "metrics": tuple((pair[0].replace("RTAX_", "").lower(), pair[1]) for pair in pairs),
    }
    return tuple((name, value) for name, value in fields.items() if value is not None)


def _prefix(version: int, address: str | None, length: int) -> Prefix:
    return parse_prefix(f"{address or _ANY[version]}/{length}")


def _spelled(route: Route) -> str:
    metric = f" metric {route.metric}" if route.metric else ""
    return f"{route.destination} table {route.table}{metric}"


def _rival(row: Any) -> str:
    way = " ".join(
        f"{word} {row.get_attr(attribute)}"
        for word, attribute in (("via", "RTA_GATEWAY"), ("on interface number", "RTA_OIF"))
        if row.get_attr(attribute)
    )
    sentence = "another route to {0} exists ({1}, protocol {2}): remove it, or give ours another metric or table"
    return sentence.format(_spelled(_route(row)), way or "several hops", row["proto"])


def _rule(version: int, row: Any) -> Rule:
    suppressed = row.get_attr("FRA_SUPPRESS_PREFIXLEN")
    source, destination = row.get_attr("FRA_SRC"), row.get_attr("FRA_DST")
    return Rule(
        version,
        row.get_attr("FRA_PRIORITY") or 0,
        row.get_attr("FRA_TABLE") or row["table"],
        fwmark=row.get_attr("FRA_FWMARK") or 0,
        invert=bool(row["flags"] & _INVERT),
        source=_prefix(version, source, row["src_len"]) if source else None,
        destination=_prefix(version, destination, row["dst_len"]) if destination else None,
        suppress_prefixlength=None if suppressed in (None, _NO_SUPPRESSION) else suppressed,
    )


def _fields(rule: Rule) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "family": _FAMILIES[rule.version],
        "priority": rule.priority,
        "table": rule.table,
        "action": _TO_TABLE,
        "flags": _INVERT if rule.invert else 0,
        "protocol": ROUTE_PROTOCOL,
    }
    if rule.fwmark:
        fields["fwmark"] = rule.fwmark
    if rule.source:
        fields.update(src=str(rule.source.network.network_address), src_len=rule.source.length)
    if rule.destination:
        fields.update(dst=str(rule.destination.network.network_address), dst_len=rule.destination.length)
    if rule.suppress_prefixlength is not None:
        fields["FRA_SUPPRESS_PREFIXLEN"] = rule.suppress_prefixlength
    return fields
