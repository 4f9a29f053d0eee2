# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router's clock, in the forms of all releases."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.clock import decode_clock


@pytest.mark.parametrize(
    ("date", "time", "offset", "seconds"),
    [
        ("2025-12-11", "22:44:52", "+00:00", 1765493092),
        ("dec/11/2025", "22:44:52", "+00:00", 1765493092),
        ("2025-12-12", "00:44:52", "+02:00", 1765493092),
        ("2025-12-11", "17:14:52", "-05:30", 1765493092),
        ("1970-01-02", "00:00:00", "", 86400),
        ("", "22:44:52", "+00:00", None),
        ("dez/11/2025", "22:44:52", "+00:00", None),
        ("2025-12-11", "never", "+00:00", None),
    ],
)
def test_the_time_is_told_in_seconds_of_utc(date: str, time: str, offset: str, seconds: int | None) -> None:
    assert decode_clock({"date": date, "time": time, "gmt-offset": offset}) == seconds
