# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter of a router, for whoever needs something let through.

Rules of this file: nothing is compared. Both filters and the members are read in one round trip, and written in one.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend import open_console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.console import (
    Console,
    Menu,
    Rows,
    remove_row,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.filter_rows import (
    FILTER_WORDS,
    FILTERS,
    MEMBER_WORDS,
    MEMBERS,
    decode_filter,
    encode_member,
    encode_opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.placement import find_wall
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.session import Command
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.openings import (
    AddMember,
    AddOpening,
    Filter,
    Member,
    MoveOpening,
    Opening,
    OpeningStep,
    RemoveMember,
    RemoveOpening,
)


class RouterosGateway:
    """The filter, for the user `name`."""

    def __init__(self, name: str, console: Console) -> None:
        self._name = name
        self._console = console
        self._rules: dict[int, Rows] = {}
        self._members: dict[Member, str] = {}

    def read(self) -> Filter:
        """Observe the filter."""
        menus = [Menu(path, FILTER_WORDS) for path in FILTERS.values()]
        *rules, members = self._console.print([*menus, Menu(MEMBERS, MEMBER_WORDS)])
        self._rules = dict(zip(FILTERS, rules))
        self._members = {Member(row.get("list", ""), row.get("interface", "")): row[".id"] for row in members}
        return decode_filter(self._rules, members)

    def wall_of(self, opening: Opening) -> str | None:
        """Give the handle of the first rule, of those that were read, that would drop the packets of an opening."""
        return find_wall(self._rules.get(opening.version, []), opening)

    def apply(self, steps: Sequence[OpeningStep]) -> int:
        """Carry out the steps and give the number of writes."""
        encode: dict[type[object], Callable[[Any], Command]] = {
            AddOpening: self._add,
            MoveOpening: lambda step: Command(
                FILTERS[step.opening.version] + "/move", [("numbers", step.handle), ("destination", step.before)]
            ),
            RemoveOpening: lambda step: remove_row(FILTERS[step.version], step.handle),
            AddMember: lambda step: Command(MEMBERS + "/add", encode_member(step.member, self._name)),
            RemoveMember: lambda step: remove_row(MEMBERS, self._members[step.member]),
        }
        removals = [step for step in steps if isinstance(step, (RemoveOpening, RemoveMember))]
        others = [step for step in steps if not isinstance(step, (RemoveOpening, RemoveMember))]
        for group, gone_is_done in ((others, False), (removals, True)):
            if group:
                self._console.write([encode[type(step)](step) for step in group], gone_is_done)
        return len(steps)

    def close(self) -> None:
        """End the connection. May be called twice."""
        self._console.close()

    def _add(self, step: AddOpening) -> Command:
        place = [("place-before", step.before)] if step.before else []
        return Command(FILTERS[step.opening.version] + "/add", [*encode_opening(step.opening, self._name), *place])


def open_gateway(name: str, params: Mapping[str, Any]) -> RouterosGateway:
    """Log in as a module's parameters say."""
    return RouterosGateway(name, open_console(params))
