# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other split tunnels of a host, and what no two can have.

Rules of this file: it changes nothing. One that has only name servers needs no table and no mark.
"""

from __future__ import annotations

import os

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import (
    DIRECTORY,
    Job,
    job_path,
    parse_job,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import SplitTunnel


def other_jobs(interface: str) -> list[Job]:
    """Give what other split tunnels do on this host. Raises DeviceError."""
    names = sorted(os.listdir(DIRECTORY)) if os.path.isdir(DIRECTORY) else []
    paths = [f"{DIRECTORY}/{name}" for name in names if name.endswith(".json")]
    return [parse_job(read_text(path), path) for path in paths if path != job_path(interface)]


def rivals(interface: str) -> list[Job]:
    """Give those of the others that have a table and a mark. Raises DeviceError."""
    return [other for other in other_jobs(interface) if other.tunnel.routes]


def shared_claims(wanted: SplitTunnel) -> list[Problem]:
    """Tell where another split tunnel has the table or the mark. Raises DeviceError."""
    return [
        Problem(option, f"is that of the split tunnel through {other.tunnel.interface}")
        for other in (rivals(wanted.interface) if wanted.routes else ())
        for option in ("table", "mark")
        if getattr(other.tunnel, option) == getattr(wanted, option)
    ]
