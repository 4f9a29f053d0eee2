# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of other items. They are stored as ids and printed by name, so that they survive a renaming (inferred).

What they name may be removed: then the id itself is printed, such as ``*F``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_forms import HostAddress
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import Place
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import Trap, invalid, no_match

ID = re.compile(r"\*[0-9A-F]+")


def dangling(printed: str) -> bool:
    """Tell whether a printed text holds an id in place of a name."""
    return bool(re.search(r"(?:^|[,!%])\*[0-9A-F]+", printed))


@dataclass(frozen=True)
class Reference:
    """The name of an item of a menu, perhaps negated, or one of some words."""

    menu: str
    negation: bool = False
    words: tuple[str, ...] = ()
    named = True

    def parse(self, text: str, at: Place) -> str:
        """Give the id."""
        mark = "!" if self.negation and text.startswith("!") else ""
        name = text[len(mark) :]
        if name in self.words:
            return text
        found = at.find(self.menu, name)
        if found is None:
            raise no_match(at.argument)
        return mark + found

    def render(self, stored: str, at: Place) -> str:
        """Give the name, or the id of what is gone."""
        mark, bare = ("!", stored[1:]) if stored.startswith("!") else ("", stored)
        return mark + (at.name(self.menu, bare) or bare)


@dataclass(frozen=True)
class References:
    """A comma list of names."""

    menu: str
    named = True

    def parse(self, text: str, at: Place) -> str:
        """Give the ids."""
        item = Reference(self.menu)
        return ",".join(item.parse(part, at) for part in text.split(",")) if text else ""

    def render(self, stored: str, at: Place) -> str:
        """Give the names."""
        item = Reference(self.menu)
        return ",".join(item.render(part, at) for part in stored.split(",")) if stored else ""


@dataclass(frozen=True)
class Gateway:
    """``10.0.0.1``, ``wg0``, ``10.0.0.1%ether1``, ``10.0.0.1@main``, or several of them (CLI reference)."""

    version: int
    named = False

    def parse(self, text: str, at: Place) -> str:
        """Refuse what is neither an address nor an interface."""
        return ",".join(self._parse(part, at) for part in text.split(","))

    def _parse(self, part: str, at: Place) -> str:
        if (found := at.find("/interface", part)) is not None:
            return found
        address, percent, interface = part.partition("%")
        address, at_sign, table = address.partition("@")
        try:
            stored = HostAddress(self.version).parse(address, at)
        except Trap:
            raise invalid(at.argument) from None
        if at_sign:
            stored += f"@{table}"
        return stored + (f"%{Reference('/interface').parse(interface, at)}" if percent else "")

    def render(self, stored: str, at: Place) -> str:
        """Print interfaces by name."""
        return ID.sub(lambda found: at.name("/interface", found[0]) or found[0], stored)
