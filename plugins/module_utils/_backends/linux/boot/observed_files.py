# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands on the disk for an interface, and by which of the ways to bring it up at boot the host can.

Rules of this file: it changes nothing. The mark in a file tells whose it is; a link belongs to whom its file belongs.
"""

from __future__ import annotations

import glob
import os
from typing import Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import (
    marked_path,
    paths_of,
    record_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.record import Record, parse_record
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import (
    files as redirection_files,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import below, read_paths
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.systemd import runs_systemd, with_idle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File

_QUICK_UNITS = ("/lib/systemd/system/wg-quick@.service", "/usr/lib/systemd/system/wg-quick@.service")
_NETWORKD = ("/lib/systemd/systemd-networkd", "/usr/lib/systemd/systemd-networkd")
_NETWORKD_RUNS = "/run/systemd/netif/state"  # sd-network(3)


class Found(NamedTuple):
    """What stands on the disk: files by their path on the host, and what the record says."""

    files: Mapping[str, File]
    record: Record

    @property
    def has_ours(self) -> bool:
        """Tell whether any of the files was made by a run of ours."""
        return any(not file.foreign for file in self.files.values())


def find_quick_unit(root: str = "/") -> str | None:
    """Give the path of systemd's unit that runs wg-quick, None where there is none."""
    return next((path for path in _QUICK_UNITS if os.path.exists(below(root, path))), None)


def refuse_idle_networkd(root: str = "/") -> None:
    """Raise PersistenceError where systemd runs, but not its networkd, neither now nor at boot."""
    if not runs_systemd(root):
        return  # an image, or another init system: nobody knows here what will run
    if not any(os.path.exists(below(root, path)) for path in _NETWORKD):
        raise PersistenceError("systemd-networkd is not installed on this host: install it, or use persist wg_quick")
    links = glob.glob(below(root, "/etc/systemd/system/*.wants/systemd-networkd.service"))
    if not links and not os.path.exists(below(root, _NETWORKD_RUNS)):
        raise PersistenceError(
            "systemd-networkd is off on this host, and would bring nothing up at boot:"
            " run systemctl enable --now systemd-networkd, or use persist wg_quick"
        )


def read_files(name: str, root: str = "/") -> Found:
    """Read all files that stand where those of an interface may stand. Raises PersistenceError."""
    files = with_idle(read_paths(paths_of(name), root), [redirection_files.unit_path(name)], root)
    record = files.get(record_path(name))
    for path, file in files.items():
        mark = files.get(marked_path(name, path))
        ours = path == record_path(name) or (mark is not None and mark.content.raw.startswith(MANAGED.encode()))
        files[path] = file._replace(foreign=not ours)
    return Found(files, parse_record(record.content.raw.decode(errors="replace")) if record else Record())
