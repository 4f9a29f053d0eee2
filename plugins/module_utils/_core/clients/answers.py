# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a survey hands over about one client, read as far as it can be without looking at a declaration.

Rules of this file: pure. AWX hands over text, lists, and for a question without an answer an empty text, an empty list,
null or nothing; all four are no answer. A list may come as text with commas or lines. Each problem has the question as
its place, in the words of the survey and with the variable, and repeats nothing that looks like a key.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, Callable, Iterable, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import without_keys

NAME, NETWORK = "wireguard_client_name", "wireguard_client_network"
SERVERS, CHANGE = "wireguard_client_via", "wireguard_client_change"
LAST_DAY, PUBLIC_KEY = "wireguard_client_expires", "wireguard_client_public_key"

_YES, _NO = ("yes", "true"), ("no", "false")
_BETWEEN = re.compile(r"[\s,;]+")


def _line(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidValue("must be text")
    return str(value).strip()


def _words(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [word for item in items for word in _BETWEEN.split(_line(item)) if word]


def _yes_or_no(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _YES + _NO:
        raise InvalidValue("must be yes or no")
    return word in _YES


class Question(NamedTuple):
    """A question of a survey: its words, the field of a client that it asks for, and how its answer is read."""

    words: str
    field: str = ""
    read: Callable[[Any], Any] = _line


QUESTIONS: Mapping[str, Question] = {
    NAME: Question("Name of the client"),
    NETWORK: Question("Network"),
    SERVERS: Question("Servers", "via", _words),
    "wireguard_client_profile": Question("Profile", "profile"),
    "wireguard_client_prefixes": Question("Prefixes within its reach", "networks", _words),
    "wireguard_client_dns": Question("Name servers", "dns", _words),
    LAST_DAY: Question("Last day", "expires"),
    PUBLIC_KEY: Question("Public key of the device", "public_key"),
    "wireguard_client_platform": Question("Platform", "platform"),
    CHANGE: Question("Change the client if it is there", read=_yes_or_no),
}
_VARIABLES = {question.field: variable for variable, question in QUESTIONS.items() if question.field}


def place_of(variable: str) -> str:
    """Give the place of a question, for problems."""
    return f"{QUESTIONS[variable].words} ({variable})"


class Answers:
    """The answers that were given, and what is wrong with them."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.problems: list[Problem] = []
        self._given: dict[str, Any] = {}
        for variable, value in given.items():
            if variable not in QUESTIONS:
                self._refuse(variable)
            elif value not in (None, "", []):
                self._read(variable, value)

    def _refuse(self, variable: str) -> None:
        near = get_close_matches(variable, QUESTIONS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(QUESTIONS)}"
        self.problems.append(Problem(variable, f"is no question about a client; {hint}"))

    def _read(self, variable: str, value: Any) -> None:
        try:
            answer = QUESTIONS[variable].read(value)
        except InvalidValue as error:
            self.wrong(variable, str(error))
            return
        if answer not in ("", []):
            self._given[variable] = answer

    def __getitem__(self, variable: str) -> Any:
        """Give the answer to a question, None where there is none."""
        return self._given.get(variable)

    def wrong(self, variable: str, message: str) -> None:
        """Note a problem with the answer to a question."""
        self.problems.append(Problem(place_of(variable), without_keys(message)))

    def fields(self) -> dict[str, Any]:
        """Give what was answered as a declaration would say it of a client."""
        return {field: self._given[name] for field, name in _VARIABLES.items() if name in self._given}

    def blame(self, problems: Iterable[Problem], client: str) -> None:
        """Note problems of a declaration, those with the client at this place as problems with the answers."""
        for place, message in problems:
            inner = re.match(r"\.(\w+)", place[len(client) :]) if place.startswith(client) else None
            if place == client:
                self.wrong(NAME, message)
            elif inner and inner[1] in _VARIABLES:
                self.wrong(_VARIABLES[inner[1]], message)
            else:
                self.problems.append(Problem(place, message))
