# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces, WireGuard and its peers, interface lists (schema, terraform-routeros, defconf exports)."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_forms import (
    AllowedAddress,
    Host,
    InterfaceAddress,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import (
    Choice,
    Flag,
    Keepalive,
    Key,
    Listing,
    Mtu,
    Number,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.reference_forms import Reference, References
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import (
    COMMENT,
    DISABLED,
    DYNAMIC,
    Field,
    Menu,
    read_only,
)

INTERFACE_MENUS = (
    "/interface/ethernet", "/interface/bridge", "/interface/vlan", "/interface/wireguard", "/interface/loopback",
)  # fmt: skip

# Modes of an interface (schema, CLI reference).
_ARP = Field("arp", Choice(("disabled", "enabled", "local-proxy-arp", "proxy-arp", "reply-only")), "enabled")

_COUNTERS = tuple(
    read_only(f"{way}-{what}", "0") for what in ("byte", "packet", "drop", "error") for way in ("rx", "tx")
)

INTERFACE = Menu(
    "/interface",
    "schema, wg-portal",
    (
        Field("name"),
        read_only("type"),
        Field("mtu", Mtu()),
        read_only("actual-mtu"),
        read_only("running", "false"),
        DISABLED,
        *_COUNTERS,
        read_only("last-link-up-time"),
        read_only("link-downs", "0"),
        COMMENT,
    ),
    views=INTERFACE_MENUS,
    fixed=True,
    extra=(("remove", (6, 0)),),
    exported=False,
)

ETHERNET = Menu(
    "/interface/ethernet",
    "schema, wg-portal",
    (
        Field("name"),
        read_only("default-name"),
        Field("mtu", Mtu(), "1500"),
        _ARP,
        read_only("mac-address"),
        read_only("running", "false"),
        DISABLED,
        COMMENT,
    ),
    fixed=True,
    unique=("name",),
    id_space="/interface",
)

LOOPBACK = Menu(
    "/interface/loopback",
    "schema, defconf exports",
    (Field("name"), Field("mtu", Mtu(), "65536"), read_only("running", "true"), DISABLED),
    fixed=True,
    id_space="/interface",
    exported=False,
)

BRIDGE = Menu(
    "/interface/bridge",
    "schema, defconf exports",
    (
        Field("name"),
        Field("mtu", Mtu(), "auto"),
        read_only("running", "false"),
        Field("auto-mac", Flag(), "true"),
        Field("admin-mac"),
        _ARP,
        Field("protocol-mode", unset="rstp"),
        Field("vlan-filtering", Flag(), "false"),
        Field("dhcp-snooping", Flag(), "false"),
        DYNAMIC,
        DISABLED,
        COMMENT,
    ),
    unique=("name",),
    id_space="/interface",
)

VLAN = Menu(
    "/interface/vlan",
    "schema, CLI reference",
    (
        Field("name", required=True),
        Field("mtu", Mtu(), "1500"),
        _ARP,
        Field("vlan-id", Number(1, 4095), "1"),
        Field("interface", Reference("/interface"), required=True),
        read_only("running", "false"),
        DYNAMIC,
        DISABLED,
        COMMENT,
    ),
    unique=("name",),
    id_space="/interface",
)

BRIDGE_PORT = Menu(
    "/interface/bridge/port",
    "schema, defconf exports",
    (
        Field("bridge", Reference("/interface/bridge"), required=True),
        Field("interface", Reference("/interface"), required=True),
        Field("pvid", Number(1, 4094), "1"),
        Field("hw", Flag(), "true"),
        DYNAMIC,
        DISABLED,
        COMMENT,
    ),
    ordered=True,
    unsettable=True,
    unique=("interface",),
    duplicate="failure: device already added as bridge port",
)

WIREGUARD = Menu(
    "/interface/wireguard",
    "schema, terraform-routeros",
    (
        Field("name"),
        Field("mtu", Mtu(), "1420"),
        Field("listen-port", Number(0, 65535), "0"),
        Field("private-key", Key(), "", secret=True),
        read_only("public-key", ""),
        read_only("running", "false"),
        DISABLED,
        COMMENT,
        Field("vrf", Reference("/ip/vrf", words=("main",)), "main", since=(7, 21)),
    ),
    unique=("name",),
    id_space="/interface",
    since=(7, 1),
)

_SECRET = Key(words=("auto", "none"))

PEERS = Menu(
    "/interface/wireguard/peers",
    "schema, exports, REST samples",
    (
        Field("interface", Reference("/interface/wireguard"), required=True),
        Field("name", since=(7, 15)),
        Field("public-key", Key(), ""),
        Field("private-key", _SECRET, "", secret=True, since=(7, 12)),
        Field("endpoint-address", Host(), ""),
        Field("endpoint-port", Number(0, 65535), "0"),
        read_only("current-endpoint-address", ""),
        read_only("current-endpoint-port", "0"),
        Field("allowed-address", Listing(AllowedAddress()), required=True),
        Field("preshared-key", _SECRET, "", secret=True),
        Field("persistent-keepalive", Keepalive()),
        Field("client-address", Listing(InterfaceAddress(None)), since=(7, 12)),
        Field("client-dns", Listing(Host()), since=(7, 12)),
        Field("client-endpoint", Host(), "", since=(7, 12)),
        Field("client-keepalive", Keepalive(), since=(7, 12)),
        Field("client-listen-port", Number(0, 65535), since=(7, 12)),
        Field("client-allowed-address", Listing(AllowedAddress()), "", since=(7, 21)),
        Field("client-mtu", Number(0, 65535), since=(7, 25)),
        Field("is-responder", Flag(), since=(7, 15), until=(7, 17)),
        Field("responder", Flag(), since=(7, 17)),
        read_only("rx", "0"),
        read_only("tx", "0"),
        read_only("last-handshake"),
        read_only("dynamic", "false", since=(7, 12)),
        DISABLED,
        COMMENT,
    ),
    ordered=True,
    since=(7, 1),
    extra=(("show-client-config", (7, 12)),),
)

LIST = Menu(
    "/interface/list",
    "schema, CLI reference",
    (
        Field("name", required=True),
        Field("include", References("/interface/list"), ""),
        Field("exclude", References("/interface/list"), ""),
        read_only("builtin", "false"),
        DYNAMIC,
        COMMENT,
    ),
    unique=("name",),
    duplicate="duplicate-list",
)

LIST_MEMBER = Menu(
    "/interface/list/member",
    "schema, CLI reference",
    (
        Field("list", Reference("/interface/list"), required=True),
        Field("interface", Reference("/interface"), required=True),
        DYNAMIC,
        DISABLED,
        COMMENT,
    ),
    unique=("list", "interface"),
    duplicate="duplicate-member",
)

MENUS = (INTERFACE, ETHERNET, LOOPBACK, BRIDGE, VLAN, BRIDGE_PORT, WIREGUARD, PEERS, LIST, LIST_MEMBER)
