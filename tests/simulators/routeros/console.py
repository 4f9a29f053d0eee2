# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small part of the console's language that exports, scheduled scripts and imports need.

Commands of the form ``/menu words command name=value …``, ended by a line end or ``;``, the menu kept for the next
line; ``[find name=value …]`` selects items. No variables, no blocks: those trap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Reply, Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import SCRIPTING, Trap

_TOKEN = re.compile(
    r"""(?P<end>[;\n])|(?P<open>\[)|(?P<close>\])|(?P<space>[ \t\r]+)|(?P<word>(?:"(?:\\.|[^"\\])*"|[^\s;\[\]"])+)""",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def _unquoted(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), found[1], flags=re.DOTALL)

    return re.sub(r'"((?:\\.|[^"\\])*)"', plain, text, flags=re.DOTALL)


def _statements(source: str) -> Iterator[list[str]]:
    """Give the words of each statement; brackets are words of their own."""
    text = re.sub(r"\\\r?\n\s*", "", re.sub(r"(?m)^\s*#.*$", "", source))
    words: list[str] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise Trap(f"syntax error at {text[position : position + 20]!r}", SCRIPTING)
        position = found.end()
        if found.lastgroup == "end":
            yield words
            words = []
        elif found.lastgroup != "space":
            words.append(found[0])
    yield words


def run_script(source: str, menus: frozenset[str], run: Callable[[Request], Reply]) -> None:
    """Run each statement by ``run``. ``menus`` are the known menu paths."""
    current = ""
    for words in _statements(source):
        if not words:
            continue
        if words[0].startswith("/"):
            current = ""
        while words and current + _step(words[0]) in menus:
            current += _step(words.pop(0))
        if words:
            _run_statement(current, words, run)


def _step(word: str) -> str:
    return f"/{word.lstrip('/')}"


def _run_statement(menu: str, words: list[str], run: Callable[[Request], Reply]) -> None:
    command = words.pop(0).lstrip("/")
    attributes: dict[str, str] = {}
    if "[" in words:
        if "]" not in words:
            raise Trap("syntax error: no ] after [", SCRIPTING)
        start, end = words.index("["), words.index("]")
        found = [word for word in words[start + 1 : end] if word not in ("find", "where")]
        del words[start : end + 1]
        queries = [f"?={_unquoted(word)}" for word in found]
        rows = run(Request(menu, "print", {".proplist": ".id"}, queries)).rows
        if not rows:
            return
        attributes[".id"] = ",".join(row[".id"] for row in rows)
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            attributes[name] = _unquoted(value)
        else:
            attributes[".id" if not attributes and command != "add" else name] = _unquoted(word)
    run(Request(menu, command, attributes))
