# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in another network namespace.

Rules of this file: only the calling thread moves, and it always comes back; a socket that was opened and a process that
was started there stay there. Namespaces are named as `ip netns` names them (ip-netns(8)), or by a path.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from typing import Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, NoPrivilege

NAMED = "/run/netns"
_CLONE_NEWNET = 0x40000000  # linux/sched.h


def open_namespace(netns: str) -> int:
    """Open a namespace and give the descriptor, which the caller closes. Raises DeviceError where there is none."""
    path = netns if "/" in netns else os.path.join(NAMED, netns)
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        raise NoPrivilege(f"only root can enter the network namespace {netns}") from None
    except OSError:
        sentence = "there is no network namespace {0}: make it first (ip netns add {0})"
        raise DeviceError(sentence.format(netns)) from None


@contextmanager
def inside(netns: str | None) -> Iterator[None]:
    """Be in that namespace while the block runs; None stays where it is."""
    if netns is None:
        yield
        return
    target = open_namespace(netns)
    try:
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(target, netns)
            try:
                yield
            finally:
                _enter(home, "it came from")
        finally:
            os.close(home)
    finally:
        os.close(target)


def _enter(descriptor: int, name: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns is there from Python 3.12 on only
    if libc.setns(descriptor, _CLONE_NEWNET) == 0:
        return
    code = ctypes.get_errno()
    kind = NoPrivilege if code == 1 else DeviceError
    raise kind(f"cannot enter the network namespace {name}: {os.strerror(code)}")
