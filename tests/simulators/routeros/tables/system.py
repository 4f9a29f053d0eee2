# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services, DNS, DHCP, users, files and the system (schema, API manual, defconf exports)."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_forms import (
    Host,
    HostAddress,
    InterfaceAddress,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import (
    Choice,
    Duration,
    Flag,
    Listing,
    Number,
    Text,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.reference_forms import Reference
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import (
    COMMENT,
    DISABLED,
    DYNAMIC,
    INVALID,
    Field,
    Menu,
    read_only,
)

DNS = Menu(
    "/ip/dns",
    "schema, lsp-routeros-ts",
    (
        Field("servers", Listing(Host()), ""),
        read_only("dynamic-servers", ""),
        Field("use-doh-server", unset=""),
        Field("verify-doh-cert", Flag(), "false"),
        Field("doh-max-server-connections", Number(1), "5"),
        Field("doh-max-concurrent-queries", Number(1), "50"),
        Field("doh-timeout", Duration(), "5s"),
        Field("allow-remote-requests", Flag(), "false"),
        Field("max-udp-packet-size", Number(50, 65507), "4096"),
        Field("query-server-timeout", Duration(), "2s"),
        Field("query-total-timeout", Duration(), "10s"),
        Field("max-concurrent-queries", Number(), "100"),
        Field("max-concurrent-tcp-sessions", Number(), "20"),
        Field("cache-size", Number(64, unit="KiB"), "2048"),
        Field("cache-max-ttl", Duration(), "1w"),
        Field("address-list-extra-time", Duration(), "0s", since=(7, 10)),
        Field("vrf", unset="main", since=(7, 15)),
        Field("mdns-repeat-ifaces", unset="", since=(7, 16)),
        read_only("cache-used", "48"),
    ),
    singleton=True,
)

# Only what forwards.
IP_SETTINGS = Menu("/ip/settings", "schema, CLI reference", (Field("ip-forward", Flag(), "true"),), singleton=True)
IPV6_SETTINGS = Menu(
    "/ipv6/settings",
    "schema, CLI reference",
    (Field("disable-ipv6", Flag(), "false"), Field("forward", Flag(), "true")),
    singleton=True,
)

_DNS_TYPES = ("A", "AAAA", "CNAME", "FWD", "MX", "NS", "NXDOMAIN", "SRV", "TXT")

DNS_STATIC = Menu(
    "/ip/dns/static",
    "schema, lsp-routeros-ts",
    (
        Field("name"),
        Field("regexp"),
        Field("type", Choice(_DNS_TYPES)),
        Field("address", HostAddress(None)),
        *map(
            Field, ("cname", "forward-to", "mx-exchange", "mx-preference", "ns", "srv-target", "text", "address-list")
        ),
        Field("ttl", Duration(), "1d"),
        Field("match-subdomain", Flag()),
        DYNAMIC,
        DISABLED,
        COMMENT,
    ),
    ordered=True,
    unique=("name", "regexp", "type", "address", "cname", "forward-to", "text"),
    duplicate="failure: entry already exists",
)

POOL = Menu(
    "/ip/pool",
    "schema, defconf exports",
    (Field("name", required=True), Field("ranges", required=True), COMMENT),
    unique=("name",),
)
DHCP_SERVER = Menu(
    "/ip/dhcp-server",
    "schema, defconf exports",
    (
        Field("name"),
        Field("interface", Reference("/interface"), required=True),
        Field("address-pool", Reference("/ip/pool", words=("static-only",)), "static-only"),
        Field("lease-time", Duration(), "30m"),
        DYNAMIC,
        INVALID,
        DISABLED,
        COMMENT,
    ),
    unique=("name",),
)
DHCP_NETWORK = Menu(
    "/ip/dhcp-server/network",
    "schema, defconf exports",
    (
        Field("address", InterfaceAddress(4), required=True),
        Field("gateway", HostAddress(4), ""),
        Field("dns-server", Listing(HostAddress(4)), ""),
        DYNAMIC,
        COMMENT,
    ),
)
DHCP_CLIENT = Menu(
    "/ip/dhcp-client",
    "schema, defconf exports",
    (
        Field("interface", Reference("/interface"), required=True),
        Field("add-default-route", Choice(("yes", "no", "special-classless")), "yes"),
        Field("use-peer-dns", Flag(), "true"),
        read_only("status", "searching..."),
        DYNAMIC,
        INVALID,
        DISABLED,
        COMMENT,
    ),
)

SERVICE = Menu(
    "/ip/service",
    "schema",
    (
        Field("name"),
        Field("port", Number(0, 65535)),
        read_only("proto", "tcp"),
        Field("address", unset="", until=(7, 24)),
        Field("available-from", unset="", since=(7, 24)),
        Field("certificate"),
        Field("tls-version", Choice(("any", "only-1.2"))),
        Field("vrf", unset="main"),
        Field("max-sessions", Number(1, 1000), "20", since=(7, 16)),
        DYNAMIC,
        INVALID,
        DISABLED,
    ),
    fixed=True,
    exported=False,
)

USER = Menu(
    "/user",
    "API manual, schema",
    (
        Field("name", required=True),
        Field("group", Reference("/user/group"), required=True),
        Field("password", unset="", secret=True),
        Field("address", unset=""),
        Field("inactivity-timeout", Duration(), "10m"),
        read_only("expired", "false"),
        DISABLED,
        COMMENT,
    ),
    unique=("name",),
    duplicate="failure: user with the same name already exists",
    write_policy="policy",
    exported=False,
)
GROUP = Menu(
    "/user/group",
    "schema",
    (Field("name", required=True), Field("policy", unset=""), Field("skin", unset="default"), COMMENT),
    unique=("name",),
    duplicate="failure: group with the same name already exists",
    write_policy="policy",
    exported=False,
)

FILE = Menu(
    "/file",
    "schema",
    (
        Field("name", required=True),
        read_only("type", ".txt file"),
        read_only("size", "0"),
        read_only("last-modified"),
        Field("contents", Text(61_440)),
    ),
    unique=("name",),
    duplicate="failure: file already exists",
    write_policy="ftp",
    extra=(("read", (7, 13)),),
    exported=False,
)

IDENTITY = Menu("/system/identity", "schema", (Field("name", unset="MikroTik"),), singleton=True)
CLOCK = Menu(
    "/system/clock",
    "schema",
    (
        read_only("date"),
        read_only("time"),
        Field("time-zone-name", unset="UTC"),
        read_only("gmt-offset", "+00:00"),
    ),
    singleton=True,
)
_RESOURCE = {
    "uptime": None, "version": None, "build-time": "2026-01-01 00:00:00", "factory-software": "schema, defconf exports",
    "free-memory": "805306368", "total-memory": "1073741824", "cpu": "QEMU", "cpu-count": "2",
    "cpu-frequency": "2600", "cpu-load": "1", "free-hdd-space": "73400320", "total-hdd-space": "93564928",
    "write-sect-since-reboot": "1024", "write-sect-total": "1024", "architecture-name": "x86_64",
    "board-name": "CHR QEMU Standard PC", "platform": "MikroTik",
}  # fmt: skip
RESOURCE = Menu(
    "/system/resource",
    "schema",
    tuple(read_only(name, value) for name, value in _RESOURCE.items()),
    singleton=True,
    exported=False,
)

_POLICY = "ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon"
SCHEDULER = Menu(
    "/system/scheduler",
    "schema",
    (
        Field("name", required=True),
        Field("start-date"),
        Field("start-time"),
        Field("interval", Duration(), "0s"),
        Field("on-event", unset=""),
        read_only("owner"),
        Field("policy", unset=_POLICY),
        Field("days", since=(7, 24)),
        read_only("run-count", "0"),
        read_only("next-run"),
        DISABLED,
        COMMENT,
    ),
    unique=("name",),
    duplicate="duplicate-name",
)
SCRIPT = Menu(
    "/system/script",
    "schema",
    (
        Field("name", required=True),
        read_only("owner"),
        Field("policy", unset=_POLICY),
        Field("dont-require-permissions", Flag(), "false"),
        read_only("run-count", "0"),
        Field("source", unset=""),
        INVALID,
        COMMENT,
    ),
    unique=("name",),
    duplicate="duplicate-name",
    extra=(("run", (7, 1)),),
)

MENUS = (
    POOL, DHCP_SERVER, DHCP_NETWORK, DHCP_CLIENT, DNS, DNS_STATIC, IP_SETTINGS, IPV6_SETTINGS, SERVICE, USER, GROUP,
    FILE, CLOCK, IDENTITY, RESOURCE, SCHEDULER, SCRIPT,
)  # fmt: skip
