# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter, NAT, mangle and address lists of both families (schema, CLI reference)."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_forms import ListedAddress, MatchedAddress
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import (
    Choice,
    Duration,
    Flag,
    Kind,
    Members,
    Ports,
    Protocol_,
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

_LISTS = ("add-dst-to-address-list", "add-src-to-address-list")
_FLOW = ("accept", "jump", "return", "log", "passthrough", *_LISTS)
_FILTER = (*_FLOW, "drop", "reject", "tarpit", "fasttrack-connection")
_NAT = (
    *_FLOW, "src-nat", "masquerade", "dst-nat", "redirect", "netmap", "same", "endpoint-independent-nat", "socksify",
)  # fmt: skip
_MANGLE = (
    *_FLOW, "mark-connection", "mark-packet", "mark-routing", "change-mss", "change-dscp", "change-ttl", "route",
    "set-priority", "sniff-pc", "sniff-tzsp", "strip-ipv4-options", "clear-df", "fasttrack-connection",
)  # fmt: skip
_MANGLE6 = (*_MANGLE, "change-hop-limit", "snpt", "dnpt")

_REJECT = (
    "icmp-admin-prohibited", "icmp-host-prohibited", "icmp-host-unreachable", "icmp-net-prohibited",
    "icmp-network-unreachable", "icmp-port-unreachable", "icmp-protocol-unreachable", "tcp-reset",
)  # fmt: skip
_REJECT6 = (
    "icmp-no-route", "icmp-admin-prohibited", "icmp-address-unreachable", "icmp-port-unreachable",
    "icmp-not-neighbour", "icmp-err-src-routing-header", "icmp-headers-too-long", "tcp-reset",
)  # fmt: skip

_STATES = Members(("invalid", "established", "related", "new", "untracked"))
_NAT_STATES = Members(("srcnat", "dstnat"))
_TCP_FLAGS = Members(("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"))
_TYPES = ("unicast", "local", "broadcast", "multicast", "blackhole", "unreachable", "prohibit")
_IPSEC = tuple(f"{way},{what}" for way in ("in", "out") for what in ("ipsec", "none"))
_INTERFACE = Reference("/interface", negation=True)
_INTERFACE_LIST = Reference("/interface/list", negation=True)

_ANY_TEXT = (
    "src-mac-address", "icmp-options", "tcp-mss", "packet-size", "dscp", "connection-mark", "connection-type",
    "connection-bytes", "connection-rate", "connection-limit", "packet-mark", "routing-mark", "priority",
    "ingress-priority", "limit", "dst-limit", "nth", "random", "per-connection-classifier", "time", "content",
)  # fmt: skip
_ONLY_4 = ("fragment", "ttl", "hotspot", "psd", "layer7-protocol", "realm", "ipv4-options")
_ONLY_6 = ("headers", "hop-limit")


def _matchers(version: int) -> tuple[Field, ...]:
    """Give the matchers that all three tables share."""
    kinds: dict[str, Kind] = {
        "src-address": MatchedAddress(version),
        "dst-address": MatchedAddress(version),
        "src-address-list": Text(),
        "dst-address-list": Text(),
        "src-address-type": Choice(_TYPES, negation=True),
        "dst-address-type": Choice(_TYPES, negation=True),
        "in-interface": _INTERFACE,
        "out-interface": _INTERFACE,
        "in-interface-list": _INTERFACE_LIST,
        "out-interface-list": _INTERFACE_LIST,
        "in-bridge-port": _INTERFACE,
        "out-bridge-port": _INTERFACE,
        "in-bridge-port-list": _INTERFACE_LIST,
        "out-bridge-port-list": _INTERFACE_LIST,
        "protocol": Protocol_(),
        "src-port": Ports(),
        "dst-port": Ports(),
        "port": Ports(),
        "ipsec-policy": Choice(_IPSEC),
        **{name: Text() for name in (*_ANY_TEXT, *(_ONLY_4 if version == 4 else _ONLY_6))},
    }
    return (
        *(Field(name, kind) for name, kind in kinds.items()),
        Field("tos", since=(7, 21)),
        Field("jump-target"),
        Field("address-list"),
        Field("address-list-timeout", Duration(words=("none-dynamic", "none-static"))),
    )


def _table(path: str, version: int, actions: tuple[str, ...], *own: Field) -> Menu:
    return Menu(
        path,
        "schema, exports",
        (
            Field("chain", required=True),
            Field("action", Choice(actions), "accept"),
            *_matchers(version),
            *own,
            Field("log", Flag(), "false"),
            Field("log-prefix", Text(31), ""),
            read_only("bytes", "0"),
            read_only("packets", "0"),
            INVALID,
            DYNAMIC,
            DISABLED,
            COMMENT,
        ),
        ordered=True,
        unsettable=True,
        extra=(("reset-counters", (7, 1)), ("reset-counters-all", (7, 1))),
    )


_STATE = (
    Field("connection-state", _STATES),
    Field("connection-nat-state", _NAT_STATES),
    Field("tcp-flags", _TCP_FLAGS),
)
_TLS_HOST = Field("tls-host")
_HW_OFFLOAD = Field("hw-offload", Flag())


def _filter(path: str, version: int, reject: tuple[str, ...]) -> Menu:
    own = (*_STATE, _TLS_HOST, _HW_OFFLOAD, Field("reject-with", Choice(reject)))
    return _table(path, version, _FILTER, *own)


FILTER = _filter("/ip/firewall/filter", 4, _REJECT)
FILTER6 = _filter("/ipv6/firewall/filter", 6, _REJECT6)

NAT = _table(
    "/ip/firewall/nat",
    4,
    _NAT,
    Field("to-addresses", MatchedAddress(4)),
    Field("to-ports", Ports()),
    Field("randomise-ports", Flag(), since=(7, 10)),
    Field("same-not-by-dst", Flag()),
    Field("tls-host", until=(7, 16)),
    Field("socks5-server", since=(7, 20)),
    Field("socks5-port", since=(7, 20)),
)
NAT6 = _table(
    "/ipv6/firewall/nat",
    6,
    _NAT,
    Field("to-address", MatchedAddress(6)),
    Field("to-ports", Ports()),
    *_STATE,
)

_NEW = (
    "new-connection-mark", "new-packet-mark", "new-mss", "new-dscp", "new-ttl", "new-priority", "route-dst",
)  # fmt: skip
_MARKS = (
    *_STATE,
    _TLS_HOST,
    *(Field(name) for name in _NEW),
    Field("new-routing-mark", Reference("/routing/table")),
    Field("passthrough", Flag()),
)
MANGLE = _table("/ip/firewall/mangle", 4, _MANGLE, *_MARKS)
MANGLE6 = _table(
    "/ipv6/firewall/mangle", 6, _MANGLE6, *_MARKS, *map(Field, ("new-hop-limit", "src-prefix", "dst-prefix"))
)


def _address_list(path: str, version: int) -> Menu:
    return Menu(
        path,
        "schema, CLI reference",
        (
            Field("list", required=True),
            Field("address", ListedAddress(version), required=True),
            read_only("creation-time"),
            Field("timeout", Duration(21_474_836)),
            Field("dynamic", Flag(), "false"),
            DISABLED,
            COMMENT,
        ),
        unique=("list", "address"),
        duplicate="failure: already have such entry",
    )


ADDRESS_LIST = _address_list("/ip/firewall/address-list", 4)
ADDRESS_LIST6 = _address_list("/ipv6/firewall/address-list", 6)

MENUS = (ADDRESS_LIST, FILTER, NAT, MANGLE, ADDRESS_LIST6, FILTER6, NAT6, MANGLE6)
