# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, routes, routing tables and rules (schema, CLI reference)."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_forms import (
    HostAddress,
    InterfaceAddress,
    RoutePrefix,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import (
    Choice,
    Flag,
    Number,
    Presence,
    Text,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.reference_forms import Gateway, Reference
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import (
    COMMENT,
    DISABLED,
    DYNAMIC,
    FIRST,
    INVALID,
    Field,
    Menu,
    read_only,
)

ADDRESS = Menu(
    "/ip/address",
    "schema, CLI reference",
    (
        Field("address", InterfaceAddress(4), required=True),
        Field("network", HostAddress(4)),
        Field("interface", Reference("/interface"), required=True),
        Field("netmask"),
        Field("broadcast", HostAddress(4)),
        read_only("actual-interface", ""),
        DYNAMIC,
        INVALID,
        DISABLED,
        read_only("slave", "false", since=(7, 15)),
        read_only("vrf", "main", since=(7, 22)),
        COMMENT,
    ),
)

ADDRESS6 = Menu(
    "/ipv6/address",
    "schema, CLI reference",
    (
        Field("address", InterfaceAddress(6)),
        Field("from-pool", unset=""),
        Field("interface", Reference("/interface"), required=True),
        read_only("actual-interface", ""),
        Field("eui-64", Flag(), "false"),
        Field("advertise", Flag(), "true"),
        Field("no-dad", Flag(), "false"),
        Field("auto-link-local", Flag(), "true", since=(7, 18)),
        Field("from-pool-policy", Choice(("recommended", "strict", "without-acquire")), "recommended", since=(7, 23)),
        DYNAMIC,
        read_only("global", "false"),
        read_only("link-local", "false"),
        INVALID,
        read_only("slave", "false", since=(7, 15)),
        read_only("deprecated", "false", since=(7, 18)),
        DISABLED,
        COMMENT,
    ),
)


def _route(path: str, version: int, source: str) -> Menu:
    flags = ("active", "static", "dynamic", "connect", "inactive", "ecmp", "hw-offloaded")
    return Menu(
        path,
        source,
        (
            Field("dst-address", RoutePrefix(version), "0.0.0.0/0" if version == 4 else "::/0"),
            Field("routing-table", Reference("/routing/table"), "main"),
            Field("pref-src", HostAddress(version), since=FIRST if version == 4 else (7, 20)),
            Field("gateway", Gateway(version)),
            Field("vrf-interface", Reference("/interface")),
            read_only("immediate-gw", ""),
            Field("check-gateway", Choice(("arp", "ping", "bfd", "none"))),
            Field("distance", Number(1, 255), "1"),
            Field("scope", Number(0, 255), "30"),
            Field("target-scope", Number(0, 255), "10"),
            Field("blackhole", Presence()),
            Field("suppress-hw-offload", Flag(), "false", until=(7, 21)),
            read_only("local-address"),
            *(read_only(flag) for flag in flags),
            DISABLED,
            COMMENT,
        ),
        unsettable=True,
    )


ROUTE = _route("/ip/route", 4, "schema, CLI reference")
ROUTE6 = _route("/ipv6/route", 6, "schema")

TABLE = Menu(
    "/routing/table",
    "schema, tik4net",
    (Field("name"), Field("fib", Presence()), DYNAMIC, INVALID, DISABLED, COMMENT),
    unsettable=True,
    unique=("name",),
    duplicate="duplicate-table",
    since=(7, 1),
)

_RULE_ACTIONS = ("lookup", "lookup-only-in-table", "drop", "unreachable", "mangle")

RULE = Menu(
    "/routing/rule",
    "schema",
    (
        Field("action", Choice(_RULE_ACTIONS), "lookup"),
        Field("table", Reference("/routing/table")),
        Field("src-address", InterfaceAddress(None)),
        Field("dst-address", InterfaceAddress(None)),
        Field("interface", Reference("/interface")),
        Field("routing-mark", Text()),
        Field("min-prefix", Number(0, 128)),
        Field("chain", Text(), "user", since=(7, 22)),
        Field("realm", Number(0, 255), since=(7, 22)),
        Field("vrf", Presence(), since=(7, 22)),
        read_only("inactive", "false"),
        DISABLED,
        COMMENT,
    ),
    ordered=True,
    unsettable=True,
)

VRF = Menu(
    "/ip/vrf",
    "CLI reference",
    (Field("name", required=True), Field("interfaces", unset="none"), DISABLED, COMMENT),
    unique=("name",),
    since=(7, 1),
)

MENUS = (VRF, ADDRESS, ADDRESS6, TABLE, ROUTE, ROUTE6, RULE)
