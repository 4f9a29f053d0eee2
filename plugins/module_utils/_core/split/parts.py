# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States that consist of named parts, each of which either stands as it should or does not.

Rules of this file: pure. A part has a kind, a name and a content; two contents are either equal or not. Parts are put
in the order in which they are wanted, and what is no longer wanted goes first, in the opposite order of kinds: what
sends packets somewhere comes after what receives them, and goes before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, NamedTuple, Sequence, Union


class PartKey(NamedTuple):
    """Which part it is."""

    kind: str
    name: str


Parts = Mapping[PartKey, str]  # the order counts


@dataclass(frozen=True)
class PutPart:
    """Make a part, or replace it."""

    key: PartKey
    content: str


@dataclass(frozen=True)
class DropPart:
    """Remove a part of ours."""

    key: PartKey


PartStep = Union[PutPart, DropPart]


def plan_parts(observed: Parts, desired: Parts, kinds: Sequence[str]) -> tuple[PartStep, ...]:
    """Give the steps after which exactly the desired parts stand. `kinds` is the order in which kinds are put."""
    order = {kind: number for number, kind in enumerate(kinds)}
    gone = sorted(observed.keys() - desired.keys(), key=lambda key: (-order[key.kind], key))
    missing = [key for key in desired if observed.get(key) != desired[key]]
    return (
        *(DropPart(key) for key in gone),
        *(PutPart(key, desired[key]) for key in sorted(missing, key=lambda key: order[key.kind])),
    )
