# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query words: a stack of truths, evaluated for each row as it is printed (API manual).

Under the stack there is ``true`` without end; at the end all that is on it must be true.
"""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import parse_duration
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import API, Trap

_WORD = re.compile(r"\?(?P<sign>[-=<>])?(?P<name>[^=]+)(?:=(?P<value>.*))?", re.DOTALL)
_TOKEN = re.compile(r"\d+|.")


def _comparable(text: str) -> tuple[int, object]:
    if re.fullmatch(r"-?\d+", text):
        return 0, int(text)
    try:
        return 1, int(ipaddress.ip_interface(text).ip)
    except ValueError:
        pass
    duration = parse_duration(text)
    return (2, duration) if duration is not None else (3, text)


def _test(word: str, row: dict[str, str], absent_is_empty: bool) -> bool:
    found = _WORD.fullmatch(word)
    if found is None:
        raise Trap(f"invalid query word {word}", API)
    sign, name, value = found["sign"], found["name"], found["value"]
    here = row.get(name, "" if absent_is_empty and value is not None else None)
    if value is None:
        return here is None if sign == "-" else here is not None
    if here is None:
        return False
    if sign in ("<", ">"):
        mine, other = _comparable(here), _comparable(value)
        if mine[0] != other[0]:
            mine, other = (3, here), (3, value)
        return mine < other if sign == "<" else mine > other
    return here == value


def _pop(stack: list[bool]) -> bool:
    return stack.pop() if stack else True


def _peek(stack: list[bool], index: int) -> bool:
    return stack[-1 - index] if index < len(stack) else True


def _operate(operations: str, stack: list[bool]) -> None:
    tokens = _TOKEN.findall(operations)
    previous_index = False
    for number, token in enumerate(tokens):
        if token.isdigit():
            value = _peek(stack, int(token))
            if number == len(tokens) - 1:
                stack[:] = [value]
            else:
                stack.append(value)
        elif token == "!":
            stack.append(not _pop(stack))
        elif token in "&|":
            first, second = _pop(stack), _pop(stack)
            stack.append(first and second if token == "&" else first or second)
        elif token != ".":
            raise Trap(f"invalid query operation {token}", API)
        elif not previous_index:
            stack.append(_peek(stack, 0))
        previous_index = token.isdigit()


def matches(words: list[str], row: dict[str, str], absent_is_empty: bool = False) -> bool:
    """Tell whether a printed row passes the query words of a request."""
    stack: list[bool] = []
    for word in words:
        if word.startswith("?#"):
            _operate(word[2:], stack)
        else:
            stack.append(_test(word, row, absent_is_empty))
    return all(stack)
