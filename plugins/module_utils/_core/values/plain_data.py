# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nested plain data, read with the place of every value.

Rules of this file: nothing raises; what is wrong becomes a problem with its place and the default takes its place.
A missing value and null are the same. What looks like a key is hidden in every problem: it may be a secret at the wrong
place.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Callable, Dict, Iterator, Mapping, TypeVar

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import without_keys

T = TypeVar("T")
D = TypeVar("D")


class Fields(Dict[str, Any]):
    """A mapping that knows its place, and where problems go."""

    def __init__(self, content: Mapping[Any, Any], place: str, problems: list[Problem]) -> None:
        super().__init__((str(key), value) for key, value in content.items())
        self.place = place
        self.problems = problems

    @staticmethod
    def of(data: Any, place: str, problems: list[Problem]) -> Fields:
        """Take data for a mapping; null is an empty one."""
        if data is not None and not isinstance(data, Mapping):
            problems.append(Problem(place, "must be a dictionary"))
        return Fields(data if isinstance(data, Mapping) else {}, place, problems)

    def place_of(self, key: str) -> str:
        """Give the place of a key's value."""
        return f"{self.place}.{key}" if self.place else key

    def wrong(self, key: str, message: str) -> None:
        """Note a problem with the value of a key."""
        self.problems.append(Problem(without_keys(self.place_of(key)), without_keys(message)))

    def wrong_here(self, message: str) -> None:
        """Note a problem with the mapping itself."""
        self.problems.append(Problem(self.place, message))

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Note every key that has no meaning here."""
        for key in self:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}? Known are" if near else "known are"
                self.wrong(key, "is not known here; {} {}".format(hint, ", ".join(sorted(known))))

    def refuse_or_require(self, key: str, required: bool, condition: str) -> None:
        """Note a key that is there without its condition, or the reverse."""
        if self.given(key) and not required:
            self.wrong(key, f"is only for {condition}")
        if required and not self.given(key):
            self.wrong(key, f"is missing: {condition} needs it")

    def given(self, key: str) -> bool:
        """Tell whether the key has a value."""
        return self.get(key) is not None

    def one(self, key: str, parse: Callable[[Any], T], otherwise: D) -> T | D:
        """Read one value."""
        value = self.get(key)
        if value is None:
            return otherwise
        try:
            return parse(value)
        except InvalidValue as error:
            self.wrong(key, str(error))
            return otherwise

    def many(self, key: str, parse: Callable[[Any], T]) -> Iterator[T]:
        """Read a list; a missing one is empty."""
        values = self.get(key)
        if values is None:
            return
        if not isinstance(values, (list, tuple)):
            self.wrong(key, "must be a list")
            return
        for index, value in enumerate(values):
            try:
                yield parse(value)
            except InvalidValue as error:
                shown = f"'{value}' " if isinstance(value, (str, int)) else ""
                self.wrong(f"{key}[{index}]", shown + str(error))

    def mapping(self, key: str) -> Fields:
        """Read an inner mapping."""
        return self.of(self.get(key), self.place_of(key), self.problems)

    def dictionaries(self, key: str) -> Iterator[Fields]:
        """Read a list of mappings."""
        for index, content in enumerate(self.many(key, lambda value: value)):
            yield self.of(content, self.place_of(f"{key}[{index}]"), self.problems)


def text(value: Any) -> str:
    """Take text, and nothing that only looks like it."""
    if not isinstance(value, str):
        raise InvalidValue("must be text")
    return value


def number_or_text(value: Any) -> str:
    """Take text, or a whole number for its text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


def boolean(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise InvalidValue("must be true or false")
    return value


def choice(*choices: str) -> Callable[[Any], str]:
    """Make a parser that takes one of some words."""

    def parse(value: Any) -> str:
        if value not in choices:
            raise InvalidValue("must be one of {}".format(", ".join(choices)))
        return str(value)

    return parse
