# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses for which a host answers on an interface by neighbour discovery, as `ip -6 neigh` has them.

Rules of this file: nothing is compared. The kernel does not tell whose such an address is: the script that a user has
for the boot does. What that names is the user's. By ip(8) and not by pyroute2, whose versions read other neighbours.
"""

from __future__ import annotations

import json

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.files import (
    neighbours_in,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import (
    find_program,
    run_program,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    TABLES,
    FilterRule,
    Handle,
    ProxyNdp,
)


def read_neighbours(user: str, script: str) -> list[FilterRule]:
    """Give the addresses for which a host answers. `script` is the user's. Raises ProgramError."""
    ours = neighbours_in(script)
    if not ours or find_program("ip") is None:
        return []
    rows = json.loads(run_program(["ip", "-6", "-j", "neigh", "show", "proxy"]) or "[]")
    there = {ProxyNdp(str(row["dev"]), str(row["dst"])) for row in rows}
    return [FilterRule(Handle(TABLES[ProxyNdp], 6, " ".join(entry)), user, entry) for entry in sorted(ours & there)]


def add_neighbour(entry: ProxyNdp) -> None:
    """Let the host answer. Raises ProgramError."""
    run_program(["ip", "-6", "neigh", "replace", "proxy", entry.address, "dev", entry.interface])


def remove_neighbour(entry: ProxyNdp) -> None:
    """Let the host no longer answer. Raises ProgramError."""
    run_program(["ip", "-6", "neigh", "del", "proxy", entry.address, "dev", entry.interface])
