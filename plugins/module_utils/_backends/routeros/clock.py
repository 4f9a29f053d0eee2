# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router's clock, which decides whether certificates are valid and whether its handshakes are believed.

Rules of this file: no input or output. Source: MikroTik's manual, page "Clock"; before 7.10 the month is a word.
"""

from __future__ import annotations

import calendar
import re
from typing import Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import Menu

CLOCK = Menu("/system/clock", ("date", "time", "gmt-offset"))

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_OLD_DATE = re.compile(r"([a-z]{3})/(\d\d)/(\d{4})")
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def decode_clock(row: Mapping[str, str]) -> int | None:
    """Give the time in seconds since 1970, None where it is told in no form that is known."""
    date, time = _date(row.get("date", "").lower()), _TIME.fullmatch(row.get("time", ""))
    if date is None or time is None:
        return None
    hour, minute, second = (int(part) for part in time.groups())
    local = calendar.timegm((*date, hour, minute, second, 0, 0, 0))
    offset = _OFFSET.fullmatch(row.get("gmt-offset", ""))
    if not offset:
        return local
    ahead = int(offset[2]) * 3600 + int(offset[3]) * 60
    return local + ahead if offset[1] == "-" else local - ahead


def _date(text: str) -> tuple[int, int, int] | None:
    found = _DATE.fullmatch(text)
    if found:
        return int(found[1]), int(found[2]), int(found[3])
    found = _OLD_DATE.fullmatch(text)
    if found and found[1] in _MONTHS:
        return int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2])
    return None
