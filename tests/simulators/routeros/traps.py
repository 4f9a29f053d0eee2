# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the router says when it refuses: texts as centrs and tik4net saw them, categories of the API manual."""

from __future__ import annotations

MISSING, ARGUMENT, INTERRUPTED, SCRIPTING, GENERAL, API = range(6)


class Trap(Exception):
    """A command is refused; the session goes on. ``category`` is left out of the reply when it is None."""

    def __init__(self, message: str, category: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.category = category


class Fatal(Exception):
    """The session ends with a reason."""


def no_match(argument: str) -> Trap:
    """Refuse a value that is not in an enumeration, or a name of nothing."""
    return Trap(f"input does not match any value of {argument}", ARGUMENT)


def invalid(argument: str) -> Trap:
    """Refuse a malformed value."""
    return Trap(f"invalid value for argument {argument}", ARGUMENT)


def trailing(argument: str) -> Trap:
    """Refuse a number with something after it."""
    return Trap(f"value of {argument} contains invalid trailing characters", ARGUMENT)


def out_of_range(argument: str, lowest: object, highest: object) -> Trap:
    """Refuse a number or time that is too small or too large."""
    return Trap(f"value of {argument} is out of range ({lowest} .. {highest})", ARGUMENT)


def unknown_parameter(name: str) -> Trap:
    """Refuse an argument that this version does not know."""
    return Trap(f"unknown parameter {name}")


def missing_arguments(names: list[str]) -> Trap:
    """Refuse an item without what it needs."""
    return Trap(f"missing value(s) of argument(s) {' '.join(names)}")


def no_such_command(menu_known: bool) -> Trap:
    """Refuse a command or a menu that is not there."""
    return Trap("no such command" if menu_known else "no such command prefix", MISSING)


def not_permitted() -> Trap:
    """Refuse what the user's group has no policy for."""
    return Trap("not enough permissions (9)")
