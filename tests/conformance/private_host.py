# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of a test's own: network and mount namespaces in which the test itself runs, with an empty /run.

Rules of this file: the test's process moves in and out, so that what it imports and starts is in there with it; what is
left of userspace WireGuard is ended; nothing remains on the machine, because nothing of it was ever there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

NEW_MOUNTS, NEW_NETWORK = 0x00020000, 0x40000000  # linux/sched.h
SOCKETS = Path("/run/wireguard")


@contextlib.contextmanager
def private_host() -> Iterator[None]:
    """Be on a host of one's own while the block runs. Needs root."""
    homes = [os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in ("net", "mnt")]
    folder = Path.cwd()
    try:
        _call("unshare", NEW_MOUNTS | NEW_NETWORK)
        try:
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
            Path("/run/netns").mkdir()
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            _end_userspace()
            for home, kind in zip(homes, (NEW_NETWORK, NEW_MOUNTS), strict=True):
                _call("setns", home, kind)
            os.chdir(folder)
    finally:
        for home in homes:
            os.close(home)


def _call(function: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")


def _end_userspace() -> None:
    """A userspace device ends when its socket is taken away, and its link with it."""
    deadline = time.monotonic() + 5
    for path in SOCKETS.glob("*.sock"):
        path.unlink()
        while Path("/proc/thread-self/net/dev_snmp6", path.stem).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
