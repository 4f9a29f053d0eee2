# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The items of all menus, in order, and a record of what changed so that it can be undone (API manual).

Rules of this file: only the four verbs ``insert``, ``replace``, ``delete`` and ``move`` change items; each tells the
watchers and can be undone from its ``Change``. Ids count upwards and are never used again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Row:
    """An item: canonical texts of what is set. ``system`` items belong to the router and cannot be changed."""

    menu: str
    id: str
    values: dict[str, str] = field(default_factory=dict)
    system: bool = False

    @property
    def number(self) -> int:
        """The id as a number."""
        return int(self.id[1:], 16)

    @property
    def disabled(self) -> bool:
        """Whether it is switched off."""
        return self.values.get("disabled") == "true"


@dataclass(frozen=True)
class Change:
    """One change of one item: what and where it was before, None if it was not there; and after, likewise."""

    menu: str
    id: str
    before: Row | None
    position: int
    after: Row | None


# First ids where they are not 1 (lists: exports with dangling ids; tables: tik4net).
FIRST_IDS = {"/interface/list": 0x2000000, "/routing/table": 0}
FIRST_DERIVED = 0x80000001


class Store:
    """Items by menu."""

    def __init__(self, id_spaces: dict[str, str]) -> None:
        self.id_spaces = id_spaces
        self.rows: dict[str, list[Row]] = {path: [] for path in id_spaces}
        self._index: dict[str, dict[str, Row]] = {path: {} for path in id_spaces}
        self._next: dict[str, int] = {}
        self._derived: dict[tuple[str, str], str] = {}
        self.watchers: list[Callable[[Change], None]] = []
        self.version = 0  # counts changes, so that what is computed from all items can be kept until the next

    def get(self, menu: str, identity: str) -> Row | None:
        """Give an item by id."""
        return self._index[menu].get(identity)

    def new_id(self, menu: str) -> str:
        """Take the next id."""
        space = self.id_spaces[menu]
        number = self._next.get(space, FIRST_IDS.get(space, 1))
        self._next[space] = number + 1
        return f"*{number:X}"

    def skip_ids(self, menu: str, number: int) -> None:
        """Let the next id be no lower than this one."""
        space = self.id_spaces[menu]
        self._next[space] = max(number, self._next.get(space, 1))

    def derived_id(self, menu: str, key: str) -> str:
        """Give the id of an item that the router makes from others: the same each time."""
        known = sum(1 for path, _key in self._derived if path == menu)
        return self._derived.setdefault((menu, key), f"*{FIRST_DERIVED + known:X}")

    def insert(self, row: Row, position: int | None = None) -> None:
        """Put an item into its menu, at the end if no position is given."""
        rows = self.rows[row.menu]
        position = len(rows) if position is None else min(position, len(rows))
        rows.insert(position, row)
        self._index[row.menu][row.id] = row
        self._tell(Change(row.menu, row.id, None, position, copy.deepcopy(row)))

    def replace(self, row: Row, values: dict[str, str]) -> None:
        """Give an item other values; nothing happens if they are the same."""
        if row.values == values:
            return
        before = copy.deepcopy(row)
        row.values = values
        self._tell(Change(row.menu, row.id, before, self.rows[row.menu].index(row), copy.deepcopy(row)))

    def delete(self, row: Row) -> None:
        """Take an item out."""
        position = self.rows[row.menu].index(row)
        del self.rows[row.menu][position]
        del self._index[row.menu][row.id]
        self._tell(Change(row.menu, row.id, copy.deepcopy(row), position, None))

    def move(self, row: Row, before: Row | None) -> None:
        """Put an item immediately before another, or at the end."""
        rows = self.rows[row.menu]
        position = rows.index(row)
        if row is before:
            return
        rows.remove(row)
        rows.insert(len(rows) if before is None else rows.index(before), row)
        self._tell(Change(row.menu, row.id, copy.deepcopy(row), position, copy.deepcopy(row)))

    def undo(self, changes: list[Change]) -> None:
        """Take changes back, the last one first. What others changed meanwhile stays."""
        for change in reversed(changes):
            row = self.get(change.menu, change.id)
            if change.before is None:
                if row is not None:
                    self.delete(row)
                continue
            if row is not None:
                self.delete(row)
            self.insert(copy.deepcopy(change.before), change.position)

    def _tell(self, change: Change) -> None:
        self.version += 1
        for watcher in list(self.watchers):
            watcher(change)
