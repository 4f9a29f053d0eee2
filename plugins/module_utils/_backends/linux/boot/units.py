# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a systemd that runs is told of files that have come and gone in its directory.

Rules of this file: nothing is compared. A unit that is not started is not told when another one restarts, so that ours
are started as soon as they stand; what they do is done by then, and they do nothing twice.
"""

from __future__ import annotations

import contextlib
from typing import Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import start_path
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import (
    files as redirection_files,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import ProgramError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.systemd import runs_systemd, systemctl
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    FILE_STEPS,
    RemoveFile,
    RemoveInterface,
    Step,
    WriteFile,
)

_DIRECTORY = "/etc/systemd/system/"


def tell_systemd(name: str, steps: Sequence[Step], root: str = "/") -> None:
    """Tell it of the units of an interface, after the steps. Raises ProgramError."""
    files = [step for step in steps if isinstance(step, FILE_STEPS) and step.path.startswith(_DIRECTORY)]
    if not files or not runs_systemd(root):
        return
    systemctl("daemon-reload")
    kill_switch = redirection_files.unit_name(name)
    for step in files:
        if step.path == redirection_files.unit_path(name):
            systemctl("start" if isinstance(step, WriteFile) else "stop", kill_switch)
    if RemoveFile(start_path(name)) in files and any(isinstance(step, RemoveInterface) for step in steps):
        _forget(f"wg-quick@{name}.service")


def _forget(unit: str) -> None:
    """Let a unit end whose interface has gone. It would take the interface down, fails, and that is forgotten too."""
    for verb in ("stop", "reset-failed"):
        with contextlib.suppress(ProgramError):
            systemctl(verb, unit)
