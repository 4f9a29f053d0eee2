# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at interfaces again and again, until those who are watched have answered.

Rules of this file: it waits, and no more. How one looks, and how one greets, is the affair of a platform.
"""

from __future__ import annotations

import time
from typing import Callable, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.watch import Watch


class Pace(NamedTuple):
    """How long one looks, and how long one pauses before the next look."""

    timeout: float  # seconds
    pause: float  # seconds


def keep_looking(
    look: Callable[[], list[Interface]],
    watch: Watch,
    pace: Pace,
    greet: Callable[[Sequence[Interface]], None] = lambda _observed: None,
) -> list[Interface]:
    """Give what was seen last. Without a timeout there is one look, and nobody is greeted."""
    observed = look()
    if pace.timeout <= 0:
        return observed
    start = time.monotonic()
    waiting = watch.note(observed, time.time(), 0)
    greet(observed)
    while waiting and time.monotonic() + pace.pause < start + pace.timeout:
        time.sleep(pace.pause)
        observed = look()
        waiting = watch.note(observed, time.time(), time.monotonic() - start)
    return observed
