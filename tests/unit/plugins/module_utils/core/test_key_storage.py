# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a key in a file."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.key_storage import (
    CloseToOthers,
    RemoveKey,
    StoredKey,
    WriteKey,
    apply_key_steps,
    plan_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import clamp

ONE, OTHER, NEW = (clamp(bytes([number]) * 32) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("observed", "present", "wanted", "steps"),
    [
        (StoredKey(), True, None, (WriteKey(NEW),)),
        (StoredKey(), True, ONE, (WriteKey(ONE),)),
        (StoredKey(), False, None, ()),
        (StoredKey(ONE), True, None, ()),
        (StoredKey(ONE), True, ONE, ()),
        (StoredKey(ONE), True, OTHER, (WriteKey(OTHER),)),
        (StoredKey(ONE), False, None, (RemoveKey(),)),
        (StoredKey(ONE, 0o640), True, None, (CloseToOthers(),)),
        (StoredKey(ONE, 0o604), True, OTHER, (WriteKey(OTHER),)),
        (StoredKey(ONE, 0o400), True, None, ()),
    ],
)
def test_only_what_differs_is_planned(observed: StoredKey, present: bool, wanted: Any, steps: Any) -> None:
    assert plan_key(observed, present, wanted, lambda: NEW) == steps


@pytest.mark.parametrize(
    ("observed", "present", "wanted"),
    list(itertools.product((StoredKey(), StoredKey(ONE), StoredKey(ONE, 0o644)), (True, False), (None, ONE, OTHER))),
)
def test_nothing_is_left_to_do_after_the_plan(observed: StoredKey, present: bool, wanted: Any) -> None:
    settled = apply_key_steps(observed, plan_key(observed, present, wanted, lambda: NEW))
    assert plan_key(settled, present, wanted, lambda: NEW) == ()
