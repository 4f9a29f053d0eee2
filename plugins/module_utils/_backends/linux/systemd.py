# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd of a host: whether it runs, and what it is asked.

Rules of this file: which units there are is the affair of the rooms that write them.
"""

from __future__ import annotations

import os

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program

_RUNNING = "run/systemd/system"  # sd_booted(3)
_PROGRAMS = ("lib/systemd/systemd", "usr/lib/systemd/systemd")


def runs_systemd(root: str = "/") -> bool:
    """Tell whether systemd is the host's init."""
    return os.path.isdir(os.path.join(root, _RUNNING))


def has_systemd(root: str = "/") -> bool:
    """Tell whether systemd will be the host's init, whatever runs now: an image has one that does not run."""
    return any(os.path.exists(os.path.join(root, path)) for path in _PROGRAMS)


def systemctl(*words: str) -> None:
    """Ask systemd for something, such as `systemctl("start", unit)`. Raises ProgramError."""
    run_program(["systemctl", *words])


def is_active(unit: str) -> bool:
    """Tell whether a unit is started. Without systemd, none is."""
    return runs_systemd() and bool(run_program(["systemctl", "is-active", unit], may_fail=True))
