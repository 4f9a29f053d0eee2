# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packet filter has to let through for tunnels, and where its rules must stand to be of any use.

Rules of this file: pure. Each user of the filter has a name, and owns the rules and list members that carry it; what
others own is never touched, and what they have done already is not done again. A rule of ours stands before the first
rule that would drop its packets (the *wall*): the backend tells which that is, because it knows the words of rules.
What lets through is done before what is no longer needed is taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Collection, Iterable, Mapping, NamedTuple, Sequence, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import Prefix, parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.option_values import (
    parse_interface_name,
    whole_number,
)

PROTOCOL = "udp"  # of WireGuard


class Opening(NamedTuple):
    """Packets that are to be accepted; what is empty matches everything."""

    version: int  # 4 or 6
    chain: str  # input or forward
    port: int = 0  # UDP destination
    source: Prefix | None = None
    destination: Prefix | None = None
    in_interface: str = ""
    out_interface: str = ""


class Member(NamedTuple):
    """An interface in a list of interfaces."""

    list: str
    interface: str


class FilterRule(NamedTuple):
    """An observed rule. `owner` is empty for someone else's, `opening` is None where it is not in force as such."""

    handle: str
    version: int
    owner: str = ""
    opening: Opening | None = None


class Filter(NamedTuple):
    """The observed state: rules in their order, and who put which interface into which list."""

    rules: Sequence[FilterRule]
    members: Mapping[Member, str]


class Access(NamedTuple):
    """What one user of the filter needs, completely."""

    openings: Sequence[Opening] = ()
    members: Collection[Member] = ()


@dataclass(frozen=True)
class AddOpening:
    """Add a rule, before the rule `before` or, where that is empty, at the end."""

    opening: Opening
    before: str = ""


@dataclass(frozen=True)
class MoveOpening:
    """Move a rule of ours before another."""

    handle: str
    opening: Opening
    before: str


@dataclass(frozen=True)
class RemoveOpening:
    """Remove a rule of ours."""

    handle: str
    version: int


@dataclass(frozen=True)
class AddMember:
    """Put an interface into a list."""

    member: Member


@dataclass(frozen=True)
class RemoveMember:
    """Take an interface out of a list into which we put it."""

    member: Member


OpeningStep = Union[AddOpening, MoveOpening, RemoveOpening, AddMember, RemoveMember]
WallOf = Callable[[Opening], Union[str, None]]


def plan_openings(observed: Filter, user: str, needed: Access, wall_of: WallOf) -> tuple[OpeningStep, ...]:
    """Give the steps after which the filter lets through what a user needs. `wall_of` gives the handle of the wall."""
    kept: dict[Opening, FilterRule] = {}
    surplus = []
    for rule in observed.rules:
        if rule.owner != user:
            continue
        if rule.opening in needed.openings and rule.opening is not None and rule.opening not in kept:
            kept[rule.opening] = rule
        else:
            surplus.append(RemoveOpening(rule.handle, rule.version))
    places = {(rule.version, rule.handle): index for index, rule in enumerate(observed.rules)}
    steps: list[OpeningStep] = []
    for opening in dict.fromkeys(needed.openings):
        wall = wall_of(opening)
        standing = kept.get(opening)
        if standing is None:
            steps.append(AddOpening(opening, wall or ""))
        elif wall and places[opening.version, standing.handle] > places[opening.version, wall]:
            steps.append(MoveOpening(standing.handle, opening, wall))
    steps += [AddMember(member) for member in sorted(set(needed.members) - observed.members.keys())]
    ours = {member for member, owner in observed.members.items() if owner == user}
    steps += [RemoveMember(member) for member in sorted(ours - set(needed.members))]
    return (*steps, *surplus)


def read_access(options: Mapping[str, Any]) -> Access:
    """Read the options listen_ports, forward_pairs and list_members. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    openings: list[Opening] = []
    for index, port in enumerate(options.get("listen_ports") or ()):
        with_place = _Place(f"listen_ports[{index}]", problems)
        number = with_place.parsed(port, whole_number(1, 65535))
        openings += [Opening(version, "input", port=number) for version in (4, 6) if number]
    for index, pair in enumerate(options.get("forward_pairs") or ()):
        openings += _both_ways(_Place(f"forward_pairs[{index}]", problems), pair)
    members = [Member(str(member["list"]), str(member["interface"])) for member in options.get("list_members") or ()]
    if problems:
        raise InvalidInput(problems)
    return Access(tuple(openings), frozenset(members))


def _both_ways(place: _Place, pair: Mapping[str, Any]) -> Iterable[Opening]:
    local, remote = (
        place.parsed(pair[name], lambda text: parse_prefix(str(text)), name) for name in ("local", "remote")
    )
    name = pair.get("interface")
    interface = place.parsed(name, parse_interface_name, "interface") if name else ""
    if local is None or remote is None or interface is None:
        return ()
    if local.version != remote.version:
        place.wrong(f"{local} and {remote} are not of one IP version")
        return ()
    return (
        Opening(local.version, "forward", source=remote, destination=local, in_interface=interface),
        Opening(local.version, "forward", source=local, destination=remote, out_interface=interface),
    )


class _Place:
    """Where a value is among the options, and the list of all problems."""

    def __init__(self, place: str, problems: list[Problem]) -> None:
        self._place, self._problems = place, problems

    def parsed(self, value: Any, parse: Callable[[Any], Any], name: str = "") -> Any:
        try:
            return parse(value)
        except InvalidValue as error:
            self.wrong(str(error), name)
            return None

    def wrong(self, message: str, name: str = "") -> None:
        self._problems.append(Problem(f"{self._place}.{name}" if name else self._place, message))
