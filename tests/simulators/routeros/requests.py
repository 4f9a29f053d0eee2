# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as the words of its sentence say it, and the sentences of its reply (API manual)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import Trap

WRITES = frozenset(
    ("add", "set", "unset", "remove", "move", "enable", "disable", "comment", "reset", "reset-counters", "save", "load")
)


@dataclass(frozen=True)
class Request:
    """A command with its attributes; ``menu`` is what stands before its last part."""

    menu: str
    command: str
    attributes: dict[str, str] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    tag: str | None = None

    @property
    def path(self) -> str:
        """The command word."""
        return f"{self.menu}/{self.command}"

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.command in WRITES or self.path in ("/import", "/execute", "/interface/wireguard/wg-import")


def parse_request(words: list[str]) -> Request:
    """Read the words of a sentence. A menu may be written with slashes only."""
    menu, _slash, command = words[0].rpartition("/")
    attributes: dict[str, str] = {}
    queries = []
    tag = None
    for word in words[1:]:
        if word.startswith("?"):
            queries.append(word)
        elif word.startswith(".tag="):
            tag = word[5:]
        elif word.startswith("="):
            name, _equals, value = word[1:].partition("=")
            attributes[name] = value
    return Request(menu, command, attributes, queries, tag)


@dataclass
class Reply:
    """Rows and, perhaps, a value with ``!done``."""

    rows: list[dict[str, str]] = field(default_factory=list)
    ret: str | None = None
    data: bool = False  # a command whose rows are its answer, so that none of them is told by !empty


Sentence = list[str]


def tagged(word: str, attributes: dict[str, str] | None = None, tag: str | None = None) -> Sentence:
    """Give a reply sentence."""
    tail = [] if tag is None else [f".tag={tag}"]
    return [word, *(f"={name}={value}" for name, value in (attributes or {}).items()), *tail]


def reply_sentences(reply: Reply, tag: str | None, empty: bool) -> Iterable[Sentence]:
    """Give the sentences of a reply; ``empty`` versions say so where rows are missing (API manual, tik4net)."""
    for row in reply.rows:
        yield tagged("!re", row, tag)
    if reply.data and not reply.rows and empty:
        yield tagged("!empty", tag=tag)
    yield tagged("!done", None if reply.ret is None else {"ret": reply.ret}, tag)


def trap_sentences(trap: Trap, tag: str | None) -> Iterable[Sentence]:
    """Give the sentences of a refusal."""
    category = {} if trap.category is None else {"category": str(trap.category)}
    yield tagged("!trap", {**category, "message": trap.message}, tag)
    yield tagged("!done", None, tag)
