# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a private key in a file: the plan of the module keypair.

Rules of this file: pure. A key that is there is never lost to a new one; only a key that was asked for replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, NamedTuple, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey

FILE_MODE = 0o600
_OTHERS = 0o077


class StoredKey(NamedTuple):
    """The observed state. There is no file where there is no key."""

    private_key: PrivateKey | None = None
    mode: int = FILE_MODE


@dataclass(frozen=True)
class WriteKey:
    """Put this key into the file, in place of what is there, readable by its owner alone."""

    private_key: PrivateKey


@dataclass(frozen=True)
class CloseToOthers:
    """Make the file readable by its owner alone."""


@dataclass(frozen=True)
class RemoveKey:
    """Remove the file."""


KeyStep = Union[WriteKey, CloseToOthers, RemoveKey]


def plan_key(
    observed: StoredKey, present: bool, wanted: PrivateKey | None, make: Callable[[], PrivateKey]
) -> tuple[KeyStep, ...]:
    """Give the steps after which the file holds the wanted key, or some key where none in particular is wanted."""
    if not present:
        return () if observed.private_key is None else (RemoveKey(),)
    if observed.private_key is None or wanted not in (None, observed.private_key):
        return (WriteKey(wanted or make()),)
    return (CloseToOthers(),) if observed.mode & _OTHERS else ()


def apply_key_steps(observed: StoredKey, steps: tuple[KeyStep, ...]) -> StoredKey:
    """Tell what the steps make of the file."""
    for step in steps:
        if isinstance(step, WriteKey):
            observed = StoredKey(step.private_key)
        else:
            observed = StoredKey() if isinstance(step, RemoveKey) else StoredKey(observed.private_key)
    return observed
