# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter, NAT and mangle rules as one nftables table, rule by rule in their order (schema, CLI reference).

Names of marks are numbers here (`marks`). A connection that was fasttracked has one more bit: its packets skip mangle
once it is established (firewall manual).

Rules of this file: no I/O. A rule that can never match here (a port without a cable, IPsec) is left out. One with a
matcher or an action that this file does not know is left out too, and told in ``problems``: it would lie otherwise.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.interface_names import Links
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.policy_plan import FASTTRACKED, Marks, marks
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration

TABLE = "wgfleet_sim"

# Base chain: type, hook, priority, and the chains of the router's tables that it runs.
BASES = {
    "filter_input": ("filter", "input", "filter", "input"),
    "filter_forward": ("filter", "forward", "filter", "forward"),
    "filter_output": ("filter", "output", "filter", "output"),
    "mangle_prerouting": ("filter", "prerouting", "mangle", "prerouting"),
    "mangle_input": ("filter", "input", "mangle", "input"),
    "mangle_forward": ("filter", "forward", "mangle", "forward"),
    "mangle_output": ("route", "output", "mangle", "output"),
    "mangle_postrouting": ("filter", "postrouting", "mangle", "postrouting"),
    "nat_prerouting": ("nat", "prerouting", "dstnat", "dstnat"),
    "nat_postrouting": ("nat", "postrouting", "srcnat", "srcnat"),
}
MENUS = {
    ("ip", "filter"): "/ip/firewall/filter",
    ("ip", "nat"): "/ip/firewall/nat",
    ("ip", "mangle"): "/ip/firewall/mangle",
    ("ip6", "filter"): "/ipv6/firewall/filter",
    ("ip6", "nat"): "/ipv6/firewall/nat",
    ("ip6", "mangle"): "/ipv6/firewall/mangle",
}
PROTOCOLS = {"icmp": "1", "igmp": "2", "tcp": "6", "udp": "17", "gre": "47", "ipsec-esp": "50", "ipsec-ah": "51",
             "icmpv6": "58", "ospf": "89", "sctp": "132"}  # fmt: skip
REJECT = {
    "icmp-network-unreachable": "icmp type net-unreachable",
    "icmp-net-prohibited": "icmp type net-prohibited",
    "icmp-host-unreachable": "icmp type host-unreachable",
    "icmp-host-prohibited": "icmp type host-prohibited",
    "icmp-admin-prohibited": "icmp type admin-prohibited",
    "icmp-port-unreachable": "icmp type port-unreachable",
    "icmp-protocol-unreachable": "icmp type prot-unreachable",
    "icmp-no-route": "icmpv6 type no-route",
    "icmp-address-unreachable": "icmpv6 type addr-unreachable",
    "tcp-reset": "tcp reset",
}


class NeverMatches(Exception):
    """No packet of this machine can match."""


class NotKnown(Exception):
    """There is no translation."""


@dataclass
class _Translation:
    """One table of one family on its way to nftables."""

    family: str
    links: Links
    lists: dict[str, list[str]]
    marks: Marks
    problems: list[str] = field(default_factory=list)

    def match(self, name: str, text: str) -> str:
        """Give the expression of one matcher, empty if every packet matches."""
        negated, value = (True, text[1:]) if text.startswith("!") else (False, text)
        maker = _MATCHERS.get(name)
        if maker is None:
            raise NotKnown(f"{name}={text}")
        return maker(self, value, negated)

    def _names(self, key: str, links: list[str], negated: bool) -> str:
        if not links:
            if negated:
                return ""
            raise NeverMatches
        quoted = ", ".join(f'"{link}"' for link in links)
        return f"{key} {'!= ' if negated else ''}{{ {quoted} }}"

    def interface(self, key: str, value: str, negated: bool) -> str:
        """Match the link of an interface."""
        link = self.links.of(value)
        return self._names(key, [] if link is None else [link], negated)

    def interface_list(self, key: str, value: str, negated: bool) -> str:
        """Match the links of a list; the built-in list of all matches everything."""
        if value in ("all", "static"):
            if negated:
                raise NeverMatches
            return ""
        return self._names(key, self.links.of_list(value), negated)

    def address(self, key: str, value: str, negated: bool) -> str:
        """Match an address, a prefix or a range."""
        return f"{self.family} {key} {'!= ' if negated else ''}{_network(value)}"

    def address_list(self, key: str, value: str, negated: bool) -> str:
        """Match the addresses of a list; names in it are not resolved."""
        addresses = self.lists.get(value, [])
        if not addresses:
            if negated:
                return ""
            raise NeverMatches
        return f"{self.family} {key} {'!= ' if negated else ''}{{ {', '.join(addresses)} }}"


def _network(text: str) -> str:
    return text if "-" in text else str(ipaddress.ip_interface(text).network)


def _state(_self: _Translation, value: str, negated: bool) -> str:
    given = [f"!{value.split(',')[0]}" if negated else value.split(",")[0], *value.split(",")[1:]]
    wanted = [each for each in given if not each.startswith("!")]
    if wanted:
        return f"ct state {{ {', '.join(wanted)} }}"
    return f"ct state != {{ {', '.join(each[1:] for each in given)} }}"


def _nat_state(_self: _Translation, value: str, negated: bool) -> str:
    flags = {"srcnat": "snat", "dstnat": "dnat"}
    if value not in flags:
        raise NotKnown(f"connection-nat-state={value}")
    return f"ct status & {flags[value]} {'==' if negated else '!='} 0"


def _protocol(_self: _Translation, value: str, negated: bool) -> str:
    number = value if value.isdigit() else PROTOCOLS.get(value)
    if number is None:
        raise NotKnown(f"protocol={value}")
    return f"meta l4proto {'!= ' if negated else ''}{number}"


def _ports(key: str) -> Callable[[_Translation, str, bool], str]:
    return lambda _self, value, negated: f"th {key} {'!= ' if negated else ''}{{ {', '.join(value.split(','))} }}"


def _ipsec(_self: _Translation, value: str, _negated: bool) -> str:
    if value.endswith(",ipsec"):
        raise NeverMatches  # there is no IPsec here
    return ""


def _hop_limit(_self: _Translation, value: str, _negated: bool) -> str:
    relation, _colon, number = value.rpartition(":")
    signs = {"": "==", "equal": "==", "not-equal": "!=", "less-than": "<", "greater-than": ">"}
    if relation not in signs:
        raise NotKnown(f"hop-limit={value}")
    return f"ip6 hoplimit {signs[relation]} {number}"


def _tcp_flags(_self: _Translation, value: str, negated: bool) -> str:
    if negated or value != "syn":
        raise NotKnown(f"tcp-flags={value}")
    return "tcp flags & syn == syn"


def _connection_mark(self: _Translation, value: str, negated: bool) -> str:
    number = 0 if value == "no-mark" else self.marks.connections.get(value)
    if number is None:
        raise NeverMatches
    return f"ct mark & {~FASTTRACKED & 0xFFFFFFFF:#x} {'!=' if negated else '=='} {number}"


def _routing_mark(self: _Translation, value: str, negated: bool) -> str:
    number = self.marks.tables.get(value)
    if number is None:
        raise NeverMatches
    return f"meta mark {'!=' if negated else '=='} {number}"


def _address_type(key: str) -> Callable[[_Translation, str, bool], str]:
    return lambda _self, value, negated: f"fib {key} type {'!= ' if negated else ''}{value}"


_MATCHERS: dict[str, Callable[[_Translation, str, bool], str]] = {
    "src-address": lambda self, value, negated: self.address("saddr", value, negated),
    "dst-address": lambda self, value, negated: self.address("daddr", value, negated),
    "src-address-list": lambda self, value, negated: self.address_list("saddr", value, negated),
    "dst-address-list": lambda self, value, negated: self.address_list("daddr", value, negated),
    "src-address-type": _address_type("saddr"),
    "dst-address-type": _address_type("daddr"),
    "in-interface": lambda self, value, negated: self.interface("iifname", value, negated),
    "out-interface": lambda self, value, negated: self.interface("oifname", value, negated),
    "in-interface-list": lambda self, value, negated: self.interface_list("iifname", value, negated),
    "out-interface-list": lambda self, value, negated: self.interface_list("oifname", value, negated),
    "connection-state": _state,
    "connection-nat-state": _nat_state,
    "protocol": _protocol,
    "src-port": _ports("sport"),
    "dst-port": _ports("dport"),
    "ipsec-policy": _ipsec,
    "hop-limit": _hop_limit,
    "connection-mark": _connection_mark,
    "routing-mark": _routing_mark,
    "tcp-flags": _tcp_flags,
}

# Properties of a rule that match nothing.
_SILENT = frozenset((
    ".id", "chain", "action", "log", "log-prefix", "bytes", "packets", "invalid", "dynamic", "disabled", "comment",
    "new-connection-mark", "new-routing-mark", "new-mss", "passthrough",
    "jump-target", "reject-with", "to-addresses", "to-address", "to-ports", "hw-offload", "randomise-ports",
))  # fmt: skip


def _target(row: dict[str, str], family: str) -> str:
    """Give where NAT sends packets."""
    address = row.get("to-addresses") or row.get("to-address") or ""
    port = row.get("to-ports", "")
    if not port:
        return f"{family} to {address}"
    return f"{family} to {f'[{address}]' if family == 'ip6' and address else address}:{port}"


def _reject(row: dict[str, str], family: str) -> str:
    kind = row.get("reject-with", "icmp-network-unreachable" if family == "ip" else "icmp-no-route")
    if kind in ("icmp-admin-prohibited", "icmp-port-unreachable") and family == "ip6":
        return f"reject with icmpv6 type {kind.removeprefix('icmp-')}"
    if kind not in REJECT:
        raise NotKnown(f"reject-with={kind}")
    return f"reject with {REJECT[kind]}"


def _onward(row: dict[str, str]) -> str:
    return " accept" if row.get("passthrough") == "false" else ""


def _mark_connection(row: dict[str, str], marks: Marks) -> str:
    return f"ct mark set ct mark & {FASTTRACKED:#x} | {marks.connections[row['new-connection-mark']]:#x}"


def _change_mss(row: dict[str, str]) -> str:
    size = row.get("new-mss", "")
    if size == "clamp-to-pmtu":
        return "tcp option maxseg size set rt mtu"
    if not size.isdigit():
        raise NotKnown(f"new-mss={size}")
    return f"tcp option maxseg size set {size}"


def _chain(family: str, table: str, name: str) -> str:
    return f"{family}_{table}_{name.encode().hex() if not name.isalnum() else name}"


def _statement(row: dict[str, str], translation: _Translation, table: str) -> str:
    """Give what an action does."""
    family = translation.family
    action = row["action"]
    plain = {
        "accept": "accept",
        "fasttrack-connection": f"ct mark set ct mark | {FASTTRACKED:#x} accept",
        "drop": "drop",
        "tarpit": "drop",
        "return": "return",
        "passthrough": "counter",
        "log": "counter",
    }
    if action in plain:
        return plain[action]
    if action == "masquerade":
        return f"masquerade to :{row['to-ports']}" if "to-ports" in row else "masquerade"
    makers: dict[str, Callable[[], str]] = {
        "reject": lambda: _reject(row, family),
        "jump": lambda: f"jump {_chain(family, table, row['jump-target'])}",
        "src-nat": lambda: f"snat {_target(row, family)}",
        "dst-nat": lambda: f"dnat {_target(row, family)}",
        "mark-connection": lambda: _mark_connection(row, translation.marks) + _onward(row),
        "mark-routing": lambda: f"meta mark set {translation.marks.tables[row['new-routing-mark']]}" + _onward(row),
        "change-mss": lambda: _change_mss(row) + _onward(row),
        "redirect": lambda: f"redirect to :{row['to-ports']}" if "to-ports" in row else "redirect",
    }
    if action not in makers:
        raise NotKnown(f"action={action}")
    return makers[action]()


def _rules(translation: _Translation, table: str, rows: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Give (chain, rule) for each rule that can match."""
    for row in rows:
        if row["disabled"] == "true" or row["invalid"] == "true":
            continue
        # The protocol goes first: nftables wants to know it before ports.
        names = sorted((name for name in row if name not in _SILENT), key=lambda name: name != "protocol")
        try:
            parts = [translation.match(name, row[name]) for name in names]
            parts.append(_statement(row, translation, table))
        except NeverMatches:
            continue
        except NotKnown as unknown:
            translation.problems.append(f"{table} rule {row['.id']} is not realised: {unknown}")
            continue
        yield row["chain"], " ".join(part for part in parts if part)


def _address_lists(configuration: Configuration, family: str) -> dict[str, list[str]]:
    menu = "/ip/firewall/address-list" if family == "ip" else "/ipv6/firewall/address-list"
    lists: dict[str, list[ipaddress.IPv4Network | ipaddress.IPv6Network]] = {}
    for row in configuration[menu]:
        if row["disabled"] != "true":
            try:
                lists.setdefault(row["list"], []).append(ipaddress.ip_network(row["address"]))
            except ValueError:  # a name or a range
                continue
    return {name: _collapsed(networks) for name, networks in lists.items()}


def _collapsed(networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> list[str]:
    """Give the networks without overlaps, which no set of nftables takes."""
    return [str(network) for network in ipaddress.collapse_addresses(networks)]


def ruleset(configuration: Configuration, links: Links) -> tuple[str, list[str]]:
    """Give the text for ``nft -f`` that replaces the table at once, and what could not be said in it."""
    chains: dict[str, list[str]] = {}
    problems: list[str] = []
    numbered = marks(configuration)
    for (family, table), menu in MENUS.items():
        translation = _Translation(family, links, _address_lists(configuration, family), numbered)
        rows = configuration[menu]
        for name in [
            *(base[3] for key, base in BASES.items() if _table_of(key) == table),
            *(row["chain"] for row in rows),
        ]:
            chains.setdefault(_chain(family, table, name), [])
        for row in rows:
            if row.get("jump-target"):
                chains.setdefault(_chain(family, table, row["jump-target"]), [])
        for name, rule in _rules(translation, table, rows):
            chains[_chain(family, table, name)].append(rule)
        problems += translation.problems
    lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    for name, rules in chains.items():
        lines += [f"chain {name} {{", *rules, "}"]
    for name, (kind, hook, priority, chain) in BASES.items():
        table = _table_of(name)
        jumps = [f"meta nfproto {proto} jump {_chain(family, table, chain)}" for family, proto in _FAMILIES]
        if table == "mangle":
            jumps.insert(0, f"ct state established,related ct mark & {FASTTRACKED:#x} != 0 return")
        lines += [f"chain {name} {{", f"type {kind} hook {hook} priority {priority}; policy accept;", *jumps, "}"]
    return "\n".join([*lines, "}", ""]), problems


def _table_of(base: str) -> str:
    return base.partition("_")[0]


_FAMILIES = (("ip", "ipv4"), ("ip6", "ipv6"))
