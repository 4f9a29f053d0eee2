# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where what a Linux host does not remember by itself is written down.

Rules of this file: no I/O. Interfaces of one name in two network namespaces are two, and so are their records. A
namespace has the same records by its name and by its path below /run/netns.
"""

from __future__ import annotations

RECORDS = "/var/lib/wgfleet"
ELSEWHERE = f"{RECORDS}/netns"
_NAMED = "/run/netns/"


def records_of(netns: str | None) -> str:
    """Give the directory for interfaces in a network namespace, None for that of the host."""
    if netns is None:
        return RECORDS
    name = netns[len(_NAMED) :] if netns.startswith(_NAMED) else netns
    return f"{ELSEWHERE}/{name.replace('/', '%')}"


def redirections_of(netns: str | None) -> str:
    """Give the directory for default routes in a network namespace."""
    return f"{records_of(netns)}/default_route"
