# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days of the calendar.

Rules of this file: pure, and so without the standard library's dates, which know a clock. A day is written as in ISO
8601, `2027-01-31`; days are ordered.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LAST_YEAR = 9999


class Day(NamedTuple):
    """One day of the Gregorian calendar."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


def parse_day(value: Any) -> Day:
    """Parse `2027-01-31`. Raises InvalidValue."""
    found = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise InvalidValue(f"must be a date, such as 2027-01-31, not '{value}'")
    day = Day(*map(int, found.groups()))
    if not (day.year and 1 <= day.month <= 12 and 1 <= day.day <= _days_in(day.year, day.month)):
        raise InvalidValue(f"{value} is no day of the calendar")
    return day


def later(day: Day, days: int) -> Day:
    """Give the day that is so many days later, at most the last one that can be written."""
    year, month, number = day.year, day.month, day.day + days
    while number > _days_in(year, month):
        number -= _days_in(year, month)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        if year > LAST_YEAR:
            return Day(LAST_YEAR, 12, 31)
    return Day(year, month, number)


def _days_in(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _LENGTHS[month - 1]
