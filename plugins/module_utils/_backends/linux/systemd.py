# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd of a host: whether it runs, and what it is asked.

Rules of this file: which units there are is the affair of the rooms that write them.
"""

from __future__ import annotations

import os
from typing import Iterable, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File

_RUNNING = "run/systemd/system"  # sd_booted(3)
_STARTED = {"ActiveState=active", "NeedDaemonReload=no"}
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


def with_idle(files: Mapping[str, File], units: Iterable[str], root: str = "/") -> dict[str, File]:
    """Give files by path, of which those of units that a running systemd has not started as they are now are idle."""
    there = [path for path in units if path in files] if runs_systemd(root) else []
    return {**files, **{path: files[path]._replace(idle=not _is_started(os.path.basename(path))) for path in there}}


def _is_started(unit: str) -> bool:
    shown = run_program(["systemctl", "show", "--property=ActiveState,NeedDaemonReload", unit], may_fail=True)
    return set(shown.split()) >= _STARTED
