# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a menu and its properties are, by version. The tables under ``tables`` are made of these.

Rules of this file: ``source`` names some of ``SOURCES``; a property's own counts more than its menu's. ``since`` is the
first release that has it, ``until`` the first that has it no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import Flag, Kind, Text
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile, Release

FIRST: Release = (6, 0)
NEVER: Release = (99, 0)


@dataclass(frozen=True)
class Field:
    """A property. ``unset`` is what is printed while it has no value; None leaves it out of the row."""

    name: str
    kind: Kind = field(default_factory=Text)
    unset: str | None = None
    required: bool = False
    read_only: bool = False
    secret: bool = False
    since: Release = FIRST
    until: Release = NEVER
    source: str = ""

    def known(self, profile: Profile) -> bool:
        """Whether this version has it."""
        return self.since <= profile.release < self.until


def read_only(name: str, unset: str | None = None, since: Release = FIRST, source: str = "") -> Field:
    """Give a property that clients cannot set."""
    return Field(name, unset=unset, read_only=True, since=since, source=source)


COMMENT = Field("comment", source="terraform-routeros")
DISABLED = Field("disabled", Flag(), unset="false", source="terraform-routeros")
DYNAMIC = read_only("dynamic", unset="false", source="terraform-routeros")
INVALID = read_only("invalid", unset="false", source="terraform-routeros")


@dataclass(frozen=True)
class Menu:
    """A menu. ``views`` makes it a view of the items of other menus; ``unique`` names properties that tell items apart.

    ``id_space``: menus of one id space share their ids, so that an item has one id wherever it is seen (wg-portal).
    """

    path: str
    source: str
    fields: tuple[Field, ...]
    singleton: bool = False
    ordered: bool = False
    unsettable: bool = False
    fixed: bool = False
    views: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    duplicate: str = ""
    id_space: str = ""
    since: Release = FIRST
    extra: tuple[tuple[str, Release], ...] = ()
    read_policy: str = "read"
    write_policy: str = "write"
    exported: bool = True

    def known(self, profile: Profile) -> bool:
        """Whether this version has it."""
        return self.since <= profile.release

    def of(self, profile: Profile) -> Menu:
        """Give the menu as this version has it."""
        return replace(self, fields=tuple(each for each in self.fields if each.known(profile)))

    def field(self, name: str) -> Field | None:
        """Give a property by name."""
        return next((each for each in self.fields if each.name == name), None)

    @property
    def secrets(self) -> bool:
        """Whether something in it is secret."""
        return any(each.secret for each in self.fields)

    def commands(self, profile: Profile) -> set[str]:
        """Give the names of the commands that this version has here (API manual, schema, exports)."""
        known = {"print", "getall", "get", "listen"}
        if any(not each.read_only for each in self.fields):
            known |= {"set", "edit", "export"}
        if not self.singleton:
            known |= {"find"} | ({"comment"} if self.field("comment") else set())
            known |= {"enable", "disable"} if self.field("disabled") else set()
            if not self.fixed:
                known |= {"add", "remove"}
        if profile.since(7, 21):
            known.add("reset")
        if self.ordered:
            known.add("move")
        if self.unsettable:
            known.add("unset")
        return known | {name for name, since in self.extra if since <= profile.release}
