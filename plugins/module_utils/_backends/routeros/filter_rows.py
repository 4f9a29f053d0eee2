# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of RouterOS' filters and members of its interface lists, as rows.

Rules of this file: no input or output. What is ours begins its comment with our tag and its user's name. A rule of ours
counts as standing only if it matches exactly what it is to open: whoever added a matcher to it has closed it.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Sequence, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import decode_flag, parsed
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import parse_port, parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.openings import (
    PROTOCOL,
    Filter,
    FilterRule,
    Member,
    Opening,
)

Row = Dict[str, str]
Attributes = List[Tuple[str, str]]

FILTERS = {4: "/ip/firewall/filter", 6: "/ipv6/firewall/filter"}
MEMBERS = "/interface/list/member"
MEMBER_WORDS = (".id", "list", "interface", "comment", "disabled", "dynamic")
_OURS = ("protocol", "dst-port", "src-address", "dst-address", "in-interface", "out-interface")
# Those that may have been added to a rule of ours; every release has them.
_OTHERS = (
    "src-port",
    "port",
    "src-address-list",
    "dst-address-list",
    "src-address-type",
    "dst-address-type",
    "src-mac-address",
    "in-interface-list",
    "out-interface-list",
    "connection-state",
    "connection-nat-state",
    "connection-mark",
    "packet-mark",
    "ipsec-policy",
    "limit",
    "dst-limit",
    "time",
    "content",
)
FILTER_WORDS = (".id", "chain", "action", "jump-target", "comment", "disabled", "dynamic", *_OURS, *_OTHERS)


def owner_of(row: Row) -> str:
    """Give the user whose rule or member it is, empty for someone else's."""
    head, colon, _rest = row.get("comment", "").partition(": ")
    tag, _space, user = head.partition(" ")
    return user if colon and tag == "wgfleet" else ""


def comment_of(user: str, what: str) -> str:
    """Give the comment of what belongs to a user."""
    return f"wgfleet {user}: {what}"


def decode_filter(rules: Mapping[int, Sequence[Row]], members: Sequence[Row]) -> Filter:
    """Give the observed state out of the rows of both filters and of all members."""
    return Filter(
        [
            FilterRule(row[".id"], version, owner_of(row), _decode_opening(version, row))
            for version, rows in rules.items()
            for row in rows
        ],
        {
            Member(row.get("list", ""), row.get("interface", "")): owner_of(row)
            for row in members
            if not decode_flag(row.get("disabled"))
        },
    )


def _decode_opening(version: int, row: Row) -> Opening | None:
    if decode_flag(row.get("disabled")) or row.get("action") != "accept" or any(row.get(name) for name in _OTHERS):
        return None
    opening = Opening(
        version,
        row.get("chain", ""),
        parsed(row.get("dst-port"), parse_port) or 0,
        parsed(row.get("src-address"), parse_prefix),
        parsed(row.get("dst-address"), parse_prefix),
        row.get("in-interface", ""),
        row.get("out-interface", ""),
    )
    names = {name for name, _value in encode_matchers(opening)}
    return opening if names == {name for name in _OURS if row.get(name)} and _is_udp(row) else None


def _is_udp(row: Row) -> bool:
    return row.get("protocol", PROTOCOL) in (PROTOCOL, "17")


def encode_matchers(opening: Opening) -> Attributes:
    """Give the matchers of a rule."""
    values = {
        "protocol": PROTOCOL if opening.port else "",
        "dst-port": str(opening.port or ""),
        "src-address": str(opening.source or ""),
        "dst-address": str(opening.destination or ""),
        "in-interface": opening.in_interface,
        "out-interface": opening.out_interface,
    }
    return [(name, value) for name, value in values.items() if value]


def encode_opening(opening: Opening, user: str) -> Attributes:
    """Give a whole rule."""
    what = f"{PROTOCOL} {opening.port}" if opening.port else f"{opening.source} to {opening.destination}"
    fixed = [("chain", opening.chain), ("action", "accept"), ("comment", comment_of(user, what))]
    return [*fixed, *encode_matchers(opening)]


def encode_member(member: Member, user: str) -> Attributes:
    """Give a whole member."""
    return [("list", member.list), ("interface", member.interface), ("comment", comment_of(user, "member"))]
