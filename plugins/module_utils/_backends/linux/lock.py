# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writer at a time, of all processes of a host.

Rules of this file: standard library only. Who ends, or is killed, holds nothing any more. What was read before the lock
was held is read again. The file of a lock goes with its holder, and a boot forgets what a killed one has left.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, NoPrivilege

_DIRECTORY = "/run"
_PATIENCE, _POLL = 120.0, 0.05  # seconds


@contextlib.contextmanager
def locked(what: str) -> Iterator[None]:
    """Hold the lock of that name while the block runs, and wait for it before. Raises DeviceError."""
    path = os.path.join(_DIRECTORY, f"wgfleet-{what}.lock")
    descriptor = _acquired(path)
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.close(descriptor)


def _acquired(path: str) -> int:
    deadline = time.monotonic() + _PATIENCE
    while True:
        descriptor = _opened(path)
        if _is_ours(descriptor, path):
            return descriptor
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise DeviceError(
                f"another run holds {path} for more than {_PATIENCE:.0f} seconds; nothing was written. Run again when"
                f" it has ended (fuser {path} tells which process it is)"
            )
        time.sleep(_POLL)


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except PermissionError:
        raise NoPrivilege(f"only root may write {path}: run this with become") from None
    except OSError as error:
        raise DeviceError(f"cannot write {path}: {error.strerror}") from None


def _is_ours(descriptor: int, path: str) -> bool:
    """Take the lock if nobody has it. One on a file that its holder has removed meanwhile is no lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except (BlockingIOError, FileNotFoundError):
        return False
