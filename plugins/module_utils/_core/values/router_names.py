# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of interfaces on RouterOS, which may be long and have blanks.

Rules of this file: refused is what a router takes for something else where it stands in other menus: an address, an
id, or more than one name.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue

_LONGEST = 64  # of our own choice: no source tells where RouterOS ends
_SPECIAL = ",;%@!*?="


def parse_router_interface_name(value: Any) -> str:
    """Parse the name of an interface on RouterOS."""
    name = str(value)
    plain = 1 <= len(name) <= _LONGEST and name.isprintable() and name == name.strip()
    if not plain or not set(name).isdisjoint(_SPECIAL) or _is_address(name):
        raise InvalidValue(
            f"must be one line of 1 to {_LONGEST} characters and no address, without {' '.join(_SPECIAL)} and blanks at"
            f" its ends, not '{value}'"
        )
    return name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True
