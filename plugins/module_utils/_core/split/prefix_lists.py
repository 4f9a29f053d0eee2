# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of prefixes, as people and providers keep them in text files.

Rules of this file: pure. A line holds one prefix, one address, or a range `FIRST - LAST`; what follows # or ; is a
comment; empty lines do not count. A list with a line that is none of these is no list: a page that says "moved" must
never become an empty set.
"""

from __future__ import annotations

from typing import Iterable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import (
    AddressRange,
    range_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix, parse_prefix


def parse_prefix_list(text: str) -> list[AddressRange]:
    """Parse a list. Raises InvalidValue, which names the first line that is wrong."""
    ranges = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("#")[0].split(";")[0].strip()
        if not content:
            continue
        try:
            ranges.append(_parse(content))
        except InvalidValue as error:
            raise InvalidValue(f"line {number}: {content[:60]!r} {error}") from None
    return ranges


def render_prefix_list(prefixes: Iterable[Prefix]) -> str:
    """Give the text of a list, one prefix in each line."""
    return "".join(f"{prefix}\n" for prefix in prefixes)


def _parse(content: str) -> AddressRange:
    first, dash, last = content.partition("-")
    low = range_of(parse_prefix(first))
    if not dash:
        return low
    high = range_of(parse_prefix(last))
    if "/" in content or low.version != high.version or low.first > high.last:
        raise InvalidValue("is no range: write FIRST - LAST")
    return low._replace(last=high.last)
