# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packet filter has to do for tunnels, and where its rules must stand to be of any use.

Rules of this file: pure. An entry is what one rule does. Each user of the filter has a name, and owns the rules and
list members that carry it; what others own is never touched, and what they have done already is not done again. A rule
of ours stands before the first rule that would take its packets away from it (the *wall*): the backend tells which that
is, because it knows the words of rules. What lets through is done before what is no longer needed is taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Collection, Mapping, NamedTuple, Sequence, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix

INPUT, FORWARD = "input", "forward"


class Opening(NamedTuple):
    """Packets that are to be accepted; what is empty matches everything."""

    version: int  # 4 or 6
    chain: str  # input or forward
    protocol: str = ""  # udp or tcp
    port: int = 0  # destination
    source: Prefix | None = None
    destination: Prefix | None = None
    in_interface: str = ""
    out_interface: str = ""
    replies: bool = False  # only packets of connections that are established, and what is related to these
    firewall: str = ""  # whose: empty for our own, else the name of another one on the device, which is told too


class Translation(NamedTuple):
    """Connections whose source becomes `to_address`, or where that is empty, the address of the outgoing interface."""

    version: int
    source: Prefix
    out_interface: str
    to_address: str = ""


class Clamp(NamedTuple):
    """Forwarded TCP connections whose segments are made to fit the MTU of their path. One of the two is given."""

    version: int
    in_interface: str = ""
    out_interface: str = ""


class ProxyNdp(NamedTuple):
    """An IPv6 address for which the host answers on an interface."""

    interface: str
    address: str


Entry = Union[Opening, Translation, Clamp, ProxyNdp]
TABLES: Mapping[type, str] = {Opening: "filter", Translation: "nat", Clamp: "mangle", ProxyNdp: "neighbours"}


class Member(NamedTuple):
    """An interface in a list of interfaces."""

    list: str
    interface: str


class Handle(NamedTuple):
    """Where a rule is. An id is of its table and IP version alone."""

    table: str
    version: int
    id: str


class FilterRule(NamedTuple):
    """An observed rule. `owner` is empty for someone else's, `entry` is None where it is not in force as such."""

    handle: Handle
    owner: str = ""
    entry: Entry | None = None


class Filter(NamedTuple):
    """The observed state: rules, those of one table in their order, and who put which interface into which list.

    `idle` are members that are there and that someone has turned off.
    """

    rules: Sequence[FilterRule] = ()
    members: Mapping[Member, str] = {}
    idle: Mapping[Member, str] = {}


@dataclass(frozen=True)
class AddEntry:
    """Add a rule, before the rule `before` or, where that is None, at the end."""

    entry: Entry
    before: Handle | None = None


@dataclass(frozen=True)
class MoveEntry:
    """Move a rule of ours before another."""

    handle: Handle
    entry: Entry
    before: Handle


@dataclass(frozen=True)
class RemoveEntry:
    """Remove a rule of ours. `entry` is None where it is not in force."""

    handle: Handle
    entry: Entry | None = None


@dataclass(frozen=True)
class AddMember:
    """Put an interface into a list; one that is there and turned off is turned on."""

    member: Member


@dataclass(frozen=True)
class RemoveMember:
    """Take an interface out of a list into which we put it."""

    member: Member


FilterStep = Union[AddEntry, MoveEntry, RemoveEntry, AddMember, RemoveMember]
WallOf = Callable[[Entry], Union[Handle, None]]


def plan_filter(
    observed: Filter, user: str, entries: Sequence[Entry], members: Collection[Member], wall_of: WallOf
) -> tuple[FilterStep, ...]:
    """Give the steps after which the filter does what a user needs. `wall_of` gives the handle of the wall."""
    kept: dict[Entry, FilterRule] = {}
    surplus = []
    for rule in observed.rules:
        if rule.owner != user:
            continue
        if rule.entry is not None and rule.entry in entries and rule.entry not in kept:
            kept[rule.entry] = rule
        else:
            surplus.append(RemoveEntry(rule.handle, rule.entry))
    places = {rule.handle: index for index, rule in enumerate(observed.rules)}
    steps: list[FilterStep] = []
    for entry in dict.fromkeys(entries):
        wall = wall_of(entry)
        standing = kept.get(entry)
        if standing is None:
            steps.append(AddEntry(entry, wall))
        elif wall is not None and places[standing.handle] > places[wall]:
            steps.append(MoveEntry(standing.handle, entry, wall))
    steps += [AddMember(member) for member in sorted(set(members) - observed.members.keys())]
    ours = {member for member, owner in (*observed.idle.items(), *observed.members.items()) if owner == user}
    steps += [RemoveMember(member) for member in sorted(ours - set(members))]
    return (*steps, *surplus)
