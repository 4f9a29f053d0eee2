# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query stack, word by word."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.queries import matches
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import Trap

ROW = {"name": "wg0", "mtu": "1420", "disabled": "false", "comment": "a=b", "ttl": "1h"}
T, F = "?name", "?-name"

CASES = [
    ([], True),
    (["?name"], True),
    (["?gone"], False),
    (["?-gone"], True),
    (["?-name"], False),
    (["?name=wg0"], True),
    (["?=name=wg0"], True),
    (["?name=wg"], False),
    (["?comment=a=b"], True),
    (["?disabled=false"], True),
    (["?disabled=no"], False),
    (["?>mtu=999"], True),
    (["?<mtu=999"], False),
    (["?>ttl=59m"], True),
    (["?>comment="], True),
    (["?>gone="], False),
    ([T, F], False),
    ([T, F, "?#|"], True),
    ([T, F, "?#&"], False),
    ([F, "?#!"], True),
    ([T, F, "?#!&"], True),
    ([F, T, "?#1"], False),  # an index at the end is the only one left
    ([F, T, "?#0"], True),
    ([T, F, "?#0.!"], False),  # a copy of the top is negated, the top stays false
    ([T, T, "?#.!"], False),
    (["?#|"], True),  # true without end lies under the stack
    (["?#!"], False),
    ([T, F, F, "?#||"], True),
]


@pytest.mark.parametrize(
    ("words", "expected"), CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_query_words(words: list[str], expected: bool) -> None:
    assert matches(words, ROW) is expected


def test_whether_absent_equals_empty_is_a_choice() -> None:
    assert not matches(["?gone="], ROW)
    assert matches(["?gone="], ROW, absent_is_empty=True)


def test_an_unknown_operation_traps() -> None:
    with pytest.raises(Trap):
        matches(["?#x"], ROW)
