# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule of a RouterOS firewall would take packets away from a rule of ours: drop, translate or accept them before.

Rules of this file: no input or output. It errs to the safe side: a rule is passed over only where its matchers prove
that it cannot match, and every matcher that is not understood proves nothing. Dynamic rules, such as the dummy of
fasttrack, cannot be preceded and are passed over, and so are rules of our own: what several of our users need goes
together. A jump is a wall if a rule behind it is one. An accept or a return in NAT is none: it says what is to leave
with the address that it has, such as what IPsec takes.
"""

from __future__ import annotations

import ipaddress
from typing import Callable, Collection, Dict, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import (
    RuleEntry,
    owner_of,
    protocol_name,
    traffic_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import decode_flag
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    TABLES,
    Opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix

Row = Dict[str, str]

# After these, nothing more of a table is done with a packet.
_TAKING = {
    "filter": frozenset({"drop", "reject", "tarpit"}),
    "nat": frozenset({"masquerade", "src-nat", "netmap", "same", "endpoint-independent-nat"}),
    "mangle": frozenset({"accept"}),
}
_NO_END = frozenset({"passthrough", "log", "jump", "return"})
# Packets of a tunnel that works are never of the state that is left, invalid.
_STATES = frozenset({"new", "established", "related", "untracked"})
_REPLIES = frozenset({"established", "related"})


class _Span(NamedTuple):
    """Numbers from one to another, both included."""

    low: int
    high: int

    def overlaps(self, other: _Span) -> bool:
        return self.low <= other.high and other.low <= self.high

    def contains(self, other: _Span) -> bool:
        return self.low <= other.low and other.high <= self.high


def find_wall(rules: Sequence[Row], entry: RuleEntry, interfaces: Collection[str]) -> str | None:
    """Give the id of the first rule that would take packets away from an entry; None where no rule would.

    `interfaces` are those that the router has: any other word in their place, such as `all-ethernet`, stands for some.
    """
    chains = chains_of_others(rules)
    packets, table = traffic_of(entry), TABLES[type(entry)]
    takes = _Taking(chains, packets, table, interfaces)
    walls = (row[".id"] for row in chains.get(packets.chain, ()) if takes.at(row, {packets.chain}))
    return next(walls, None)


def chains_of_others(rules: Iterable[Row]) -> dict[str, list[Row]]:
    """Give the rules of a table by chain, without those of all our users, dynamic ones and those that are disabled."""
    chains: dict[str, list[Row]] = {}
    for row in rules:
        if not decode_flag(row.get("dynamic")) and not decode_flag(row.get("disabled")) and not owner_of(row):
            chains.setdefault(row.get("chain", ""), []).append(row)
    return chains


class _Taking(NamedTuple):
    """The chains of a table, and packets that go through them."""

    chains: Mapping[str, Sequence[Row]]
    packets: Opening
    table: str
    interfaces: Collection[str]

    def at(self, row: Row, visited: set[str]) -> bool:
        """Tell whether a rule would take the packets; it is behind jumps from the chains that were visited."""
        if not self._may_match(row):
            return False
        action, target = row.get("action", ""), row.get("jump-target", "")
        if action in _TAKING[self.table] or self._leaves(row, visited):
            return True
        if action != "jump" or target in visited:
            return False
        return any(self.at(each, visited | {target}) for each in self.chains.get(target, ()))

    def _leaves(self, row: Row, visited: set[str]) -> bool:
        """A return out of the first chain, and a mark that is the last word, keep a packet from being changed."""
        if self.table != "mangle":
            return False
        if row.get("action") == "return":
            return len(visited) == 1
        return row.get("passthrough") == "false" and row.get("action") not in _NO_END

    def _may_match(self, row: Row) -> bool:
        names = [name for name in _MATCHERS if row.get(name) and not self._stands_for_some(name, row[name])]
        return all(_MATCHERS[name](row[name], self.packets) for name in names)

    def _stands_for_some(self, name: str, text: str) -> bool:
        return name in _INTERFACES and text.lstrip("!") not in self.interfaces


def _may_protocol(text: str, opening: Opening) -> bool:
    negation, name = "!" if text.startswith("!") else "", protocol_name(text.lstrip("!"))
    return not opening.protocol or _word(negation + name, opening.protocol)


def _may_port(text: str, opening: Opening) -> bool:
    if not opening.port:
        return True
    wanted = _Span(opening.port, opening.port)
    negated, spans = text.startswith("!"), [_ports(item) for item in text.lstrip("!").split(",")]
    if None in spans:
        return True
    return negated != any(span.contains(wanted) for span in spans if span)


def _ports(text: str) -> _Span | None:
    low, _dash, high = text.partition("-")
    return _Span(int(low), int(high or low)) if low.isdigit() and (high or low).isdigit() else None


def _may_address(of: Callable[[Opening], Prefix | None]) -> Callable[[str, Opening], bool]:
    def may(text: str, opening: Opening) -> bool:
        prefix = of(opening)
        span = _addresses(text.lstrip("!"))
        if prefix is None or span is None:
            return True
        network = prefix.network
        wanted = _Span(int(network.network_address), int(network.broadcast_address))
        return not span.contains(wanted) if text.startswith("!") else span.overlaps(wanted)

    return may


def _addresses(text: str) -> _Span | None:
    low, dash, high = text.partition("-")
    try:
        if dash:
            return _Span(int(ipaddress.ip_address(low)), int(ipaddress.ip_address(high)))
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return _Span(int(network.network_address), int(network.broadcast_address))


def _may_interface(of: Callable[[Opening], str]) -> Callable[[str, Opening], bool]:
    return lambda text, opening: not of(opening) or _word(text, of(opening))


def _word(text: str, wanted: str) -> bool:
    return text[1:] != wanted if text.startswith("!") else text == wanted


def _may_state(text: str, opening: Opening) -> bool:
    return "!" in text or not (_REPLIES if opening.replies else _STATES).isdisjoint(text.split(","))


_INTERFACES = frozenset({"in-interface", "out-interface"})
_MATCHERS: Mapping[str, Callable[[str, Opening], bool]] = {
    "protocol": _may_protocol,
    "dst-port": _may_port,
    "src-address": _may_address(lambda opening: opening.source),
    "dst-address": _may_address(lambda opening: opening.destination),
    "in-interface": _may_interface(lambda opening: opening.in_interface),
    "out-interface": _may_interface(lambda opening: opening.out_interface),
    "connection-state": _may_state,
}
