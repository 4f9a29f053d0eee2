# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router itself: its menus, its items as they are printed, its clock. No sockets here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import Place
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import Field, Menu
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration, Statistics
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row, Store
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tables.catalogue import menus
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import Trap

HIDDEN = "*****"

Live = Callable[["Router", Row], dict[str, "str | None"]]
Derived = Callable[["Router"], list[Row]]


@dataclass(frozen=True)
class Caller:
    """Who runs a command."""

    user: str = "admin"
    policies: frozenset[str] = frozenset()

    def may(self, policy: str) -> bool:
        """Whether the user's group grants a policy."""
        return policy in self.policies


class Router:
    """State and clock of one router. ``live`` and ``derived`` compute what no client can set, by menu path."""

    def __init__(self, profile: Profile, live: dict[str, Live], derived: dict[str, Derived]) -> None:
        self.profile = profile
        self.menus = menus(profile)
        everything = menus(replace(profile, without=()))
        self.store = Store({path: menu.id_space or path for path, menu in everything.items()})
        self.statistics: Statistics = {}
        self.started = time.time()
        self.clock_ahead = timedelta()  # of the time here
        self.computed: dict[str, tuple[int, dict[tuple[str | None, str | None], list[int]]]] = {}
        self._live = live
        self._derived = derived

    @property
    def now(self) -> datetime:
        """The time on the router's clock."""
        return datetime.now(timezone.utc) + self.clock_ahead

    def place(self, argument: str) -> Place:
        """Give what kinds of properties need to know."""
        return Place(argument, self.profile, self.find_id, self.name_of)

    def rows(self, path: str) -> list[Row]:
        """Give all items of a menu in printed order: those that the router makes come first, then the stored ones.

        A menu that this router lacks has none.
        """
        menu = self.menus.get(path)
        if menu is None:
            return []
        if menu.views:
            return sorted(
                (row for view in menu.views if view in self.menus for row in self.rows(view)),
                key=lambda row: row.number,
            )
        made = self._derived[path](self) if path in self._derived else []
        return [*made, *self.store.rows[path]]

    def find(self, path: str, identity: str) -> Row | None:
        """Give an item by id or, where items have names, by name."""
        menu = self.menus.get(path)
        if menu is None:
            return None
        for owner in menu.views or (path,):
            if owner in self.menus and (row := self.store.get(owner, identity)) is not None:
                return row
        key = "id" if identity.startswith("*") else "name"
        if key == "name" and menu.field("name") is None:
            return None
        for row in self.rows(path):
            if (row.id if key == "id" else row.values.get("name")) == identity:
                return row
        return None

    def find_id(self, path: str, identity: str) -> str | None:
        """Give the id of an item by id or name."""
        row = self.find(path, identity) if identity else None
        return None if row is None else row.id

    def name_of(self, path: str, identity: str) -> str | None:
        """Give the name of an item by id."""
        row = self.find(path, identity) if identity.startswith("*") else None
        return None if row is None else row.values.get("name")

    def item(self, path: str, identity: str) -> Row:
        """Give an item by id or name, or trap."""
        row = self.find(path, identity)
        if row is None:
            raise Trap(self.profile["no-item-text"], self.profile.category("no-item-category"))
        return row

    def printed(self, path: str, row: Row, reveal: bool = True) -> dict[str, str]:
        """Give an item as ``print`` shows it, in the words of a menu that has or views it (exports, tik4net)."""
        menu = self.menus[path]
        live = self._live[path](self, row) if path in self._live else {}
        shown = {} if menu.singleton else {".id": row.id}
        for each in menu.fields:
            text = live[each.name] if each.name in live else self.text(row, each)
            if each.secret and not reveal:
                text = self._hidden(text)
            if text is not None:
                shown[each.name] = text
        return shown

    def _hidden(self, text: str | None) -> str | None:
        """Give what a user without the policy reads of a secret (REST samples)."""
        if self.profile["hidden-secret"] == "absent":
            return None
        return HIDDEN if text or self.profile["empty-secret"] == "stars" else text

    def text(self, row: Row, each: Field) -> str | None:
        """Give the printed text of one property, None if it is left out."""
        stored = row.values.get(each.name)
        if stored is None:
            return "true" if each.name == "dynamic" and row.system and each.unset is not None else each.unset
        return each.kind.render(stored, self.place(each.name))

    def printed_field(self, row: Row, name: str) -> str:
        """Give the printed text of one property of an item in its own menu, empty if it is left out."""
        each = self.menus[row.menu].field(name)
        return "" if each is None else self.text(row, each) or ""

    def configuration(self) -> Configuration:
        """Give all stored items as they are printed, secrets in clear."""
        return {
            path: [self.printed(path, row) for row in self.store.rows[path]]
            for path, menu in self.menus.items()
            if not menu.views
        }

    def menu(self, path: str) -> Menu | None:
        """Give a menu of this version."""
        return self.menus.get(path)
