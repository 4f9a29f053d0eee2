# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writer at a time for a split tunnel: a run, the service at boot, the one that loads the set, or a refresh.

Rules of this file: standard library only. The lock is held while files and kernel are written, never while something is
awaited, such as a download or an interface: what was read before it was held is read again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import job_path


def lock_path(interface: str) -> str:
    """Give the path of the lock's file, which a boot forgets."""
    return f"/run/wgfleet-split-{interface}.lock"


@contextlib.contextmanager
def locked(interface: str) -> Iterator[None]:
    """Hold the lock of an interface's split tunnel while the block runs, and wait for it before."""
    path = lock_path(interface)
    descriptor = _acquired(path)
    try:
        yield
    finally:
        if not os.path.exists(job_path(interface)):  # nothing of the tunnel is left, and nothing of its lock
            os.unlink(path)
        os.close(descriptor)


def _acquired(path: str) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        os.close(descriptor)  # who held it before has removed it
