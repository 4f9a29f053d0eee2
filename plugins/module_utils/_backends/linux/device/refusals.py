# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an errno of a WireGuard device means, in types and words: the same for netlink and for the UAPI socket.

Rules of this file: no I/O; a message names the interface and what to do, never a value that was sent.
"""

from __future__ import annotations

import errno
import os
from typing import Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import (
    DeviceStep,
    device_step,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    NoPrivilege,
    NoSuchInterface,
    WrongKind,
)

_MEANINGS: dict[int, tuple[type[DeviceError], str]] = {
    errno.EPERM: (NoPrivilege, "this needs root (CAP_NET_ADMIN in the network namespace): run it with become"),
    errno.EACCES: (NoPrivilege, "this needs root (CAP_NET_ADMIN in the network namespace): run it with become"),
    errno.ENODEV: (NoSuchInterface, "there is no interface of that name; was it removed meanwhile? Run again"),
    errno.EOPNOTSUPP: (
        WrongKind,
        "an interface of that name exists and is no WireGuard interface: use another",
    ),
}


def refusal(number: int, name: str, steps: Sequence[DeviceStep] = (), detail: str = "") -> DeviceError:
    """Give the error for a (positive) errno. `detail` is what the device itself says about it."""
    kind, words = _MEANINGS.get(number, (DeviceError, ""))
    if number == errno.EADDRINUSE:
        port = device_step(steps).listen_port
        words = f"UDP port {port} is in use by another program or interface: ss -ulnp tells by which"
    if not words:
        words = f"refused: {os.strerror(number)} ({errno.errorcode.get(number, number)})"
    return kind(": ".join(part for part in (name, words, detail) if part))
