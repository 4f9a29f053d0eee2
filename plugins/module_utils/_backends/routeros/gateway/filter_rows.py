# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of RouterOS' firewall and members of its interface lists, as rows.

Rules of this file: no input or output. What is ours begins its comment with our tag and its user's name. A rule of ours
counts as standing only if it matches exactly what it is for: whoever added a matcher to it has changed what it does.
What IPsec takes is never translated, since its policies are for the addresses that packets have before (factory
settings). MikroTik manual, "Filter", "NAT", "Mangle".
"""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, Sequence, Tuple, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.matchers import (
    NAMES,
    Table,
    matchers_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import decode_flag, parsed
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    Clamp,
    Filter,
    FilterRule,
    Handle,
    Member,
    Opening,
    Translation,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    parse_interface_address,
    parse_port,
    parse_prefix,
)

Row = Dict[str, str]
Attributes = List[Tuple[str, str]]
RuleEntry = Union[Opening, Translation, Clamp]  # what a rule can do: RouterOS answers for no neighbours

MENUS: Mapping[Table, str] = {
    (table, version): f"/{family}/firewall/{table}"
    for version, family in ((4, "ip"), (6, "ipv6"))
    for table in ("filter", "nat", "mangle")
}
MEMBERS = "/interface/list/member"
MEMBER_WORDS = (".id", "list", "interface", "comment", "disabled", "dynamic")
_STRUCTURE = (".id", "chain", "action", "jump-target", "comment", "disabled", "dynamic")
_TO = {4: "to-addresses", 6: "to-address"}
_PROTOCOLS = {"17": "udp", "6": "tcp"}
_REPLIES = frozenset({"established", "related"})
_ACCEPT, _MASQUERADE, _SOURCE, _MSS = "accept", "masquerade", "src-nat", "change-mss"
SOURCE_CHAIN, FORWARD_CHAIN = "srcnat", "forward"
_NO_IPSEC = "out,none"
_NOTE = "note "


def words_of(table: Table, release: Release) -> tuple[str, ...]:
    """Name what is asked for of a table's rules."""
    name, version = table
    results = {"nat": (_TO[version], "to-ports"), "mangle": ("new-mss", "passthrough")}
    return (*_STRUCTURE, *matchers_of(table, release), *results.get(name, ()))


def owner_of(row: Row) -> str:
    """Give the user whose rule or member it is, empty for someone else's."""
    return _tagged(row)[0]


def note_of(row: Row) -> tuple[str, str]:
    """Give the user and the text of a rule that only notes something, both empty where it does not."""
    user, what = _tagged(row)
    return (user, what[len(_NOTE) :]) if what.startswith(_NOTE) else ("", "")


def _tagged(row: Row) -> tuple[str, str]:
    head, colon, what = row.get("comment", "").partition(": ")
    tag, _space, user = head.partition(" ")
    return (user, what) if colon and tag == "wgfleet" else ("", "")


def comment_of(user: str, what: str) -> str:
    """Give the comment of what belongs to a user."""
    return f"wgfleet {user}: {what}"


def encode_note(user: str, text: str) -> Attributes:
    """Give a rule that does nothing but note something: a router has no other place that is ours."""
    comment = comment_of(user, _NOTE + text)
    return [("chain", FORWARD_CHAIN), ("action", "passthrough"), ("disabled", "yes"), ("comment", comment)]


def decode_filter(rules: Mapping[Table, Sequence[Row]], members: Sequence[Row]) -> Filter:
    """Give the observed state out of the rows of all tables and of all members."""
    return Filter(
        [
            FilterRule(Handle(table, version, row[".id"]), owner_of(row), _decode_entry(table, version, row))
            for (table, version), rows in rules.items()
            for row in rows
            if not note_of(row)[0]
        ],
        {member_of(row): owner_of(row) for row in members if not decode_flag(row.get("disabled"))},
        {member_of(row): owner_of(row) for row in members if decode_flag(row.get("disabled"))},
    )


def member_of(row: Row) -> Member:
    """Give the member that a row is, in force or not."""
    return Member(row.get("list", ""), row.get("interface", ""))


def _decode_entry(table: str, version: int, row: Row) -> RuleEntry | None:
    if decode_flag(row.get("disabled")):
        return None
    entry = _DECODERS[table](version, row)
    if entry is None:
        return None
    expected = {name for name, _value in encode_matchers(entry)}
    return entry if expected == {name for name in NAMES if row.get(name)} else None


def _decode_opening(version: int, row: Row) -> Opening | None:
    if row.get("action") != _ACCEPT:
        return None
    return Opening(
        version,
        row.get("chain", ""),
        _protocol(row),
        parsed(row.get("dst-port"), parse_port) or 0,
        parsed(row.get("src-address"), parse_prefix),
        parsed(row.get("dst-address"), parse_prefix),
        row.get("in-interface", ""),
        row.get("out-interface", ""),
        frozenset(row.get("connection-state", "").split(",")) == _REPLIES,
    )


def _decode_translation(version: int, row: Row) -> Translation | None:
    source, to_text = parsed(row.get("src-address"), parse_prefix), row.get(_TO[version])
    to_address = parsed(to_text, parse_interface_address)
    action = _SOURCE if to_address else _MASQUERADE
    fixed = (row.get("chain"), row.get("action"), row.get("ipsec-policy"))
    surplus = row.get("to-ports") or (to_text and not to_address)
    if fixed != (SOURCE_CHAIN, action, _NO_IPSEC) or source is None or surplus:
        return None
    return Translation(version, source, row.get("out-interface", ""), str(to_address.ip) if to_address else "")


def _decode_clamp(version: int, row: Row) -> Clamp | None:
    fixed = (row.get("chain"), row.get("action"), row.get("new-mss"), row.get("tcp-flags"), _protocol(row))
    if fixed != (FORWARD_CHAIN, _MSS, "clamp-to-pmtu", "syn", "tcp") or row.get("passthrough") == "false":
        return None
    return Clamp(version, row.get("in-interface", ""), row.get("out-interface", ""))


_DECODERS: Mapping[str, Callable[[int, Row], RuleEntry | None]] = {
    "filter": _decode_opening,
    "nat": _decode_translation,
    "mangle": _decode_clamp,
}


def _protocol(row: Row) -> str:
    return protocol_name(row.get("protocol", ""))


def protocol_name(text: str) -> str:
    """Give the name of a protocol that may be said by its number."""
    return _PROTOCOLS.get(text, text)


def traffic_of(entry: RuleEntry) -> Opening:
    """Give the packets that an entry is about, with the chain in which it stands."""
    if isinstance(entry, Translation):
        return Opening(entry.version, SOURCE_CHAIN, source=entry.source, out_interface=entry.out_interface)
    if isinstance(entry, Clamp):
        return Opening(entry.version, FORWARD_CHAIN, "tcp", 0, None, None, entry.in_interface, entry.out_interface)
    return entry


def encode_matchers(entry: RuleEntry) -> Attributes:
    """Give the matchers of a rule."""
    packets = traffic_of(entry)
    values = {
        "protocol": packets.protocol,
        "dst-port": str(packets.port or ""),
        "src-address": str(packets.source or ""),
        "dst-address": str(packets.destination or ""),
        "in-interface": packets.in_interface,
        "out-interface": packets.out_interface,
        "connection-state": "established,related" if packets.replies else "",
        "tcp-flags": "syn" if isinstance(entry, Clamp) else "",
        "ipsec-policy": _NO_IPSEC if isinstance(entry, Translation) else "",
    }
    return [(name, value) for name, value in values.items() if value]


def encode_entry(entry: RuleEntry, user: str) -> Attributes:
    """Give a whole rule."""
    action, what = _action(entry)
    fixed = [("chain", traffic_of(entry).chain), *action, ("comment", comment_of(user, what))]
    return [*fixed, *encode_matchers(entry)]


def _action(entry: RuleEntry) -> tuple[Attributes, str]:
    """Give what a rule does, and how its comment says it."""
    if isinstance(entry, Clamp):
        tunnel = entry.in_interface or entry.out_interface
        return [("action", _MSS), ("new-mss", "clamp-to-pmtu"), ("passthrough", "yes")], f"MSS on {tunnel}"
    if isinstance(entry, Translation):
        what = f"{entry.source} out by {entry.out_interface}"
        if not entry.to_address:
            return [("action", _MASQUERADE)], what
        return [("action", _SOURCE), (_TO[entry.version], entry.to_address)], what
    who = f"{entry.source or 'anyone'} to {entry.destination or 'anywhere'}"
    return [("action", _ACCEPT)], f"{entry.protocol} {entry.port}" if entry.port else who


def encode_member(member: Member, user: str) -> Attributes:
    """Give a whole member."""
    return [("list", member.list), ("interface", member.interface), ("comment", comment_of(user, "member"))]
