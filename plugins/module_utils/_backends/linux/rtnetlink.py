# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel to the kernel's links, addresses, routes and rules, by pyroute2.

Rules of this file: pyroute2 is imported when the channel is first used, because that costs 0.1 s and 30 MB. Requests
carry their flags themselves: what pyroute2 means by "del" differs between its versions, and that of 0.6 is refused by
Linux 5.19 and newer (NLM_F_EXCL has become NLM_F_BULK). Tested with pyroute2 0.6.9 (the oldest), 0.7.2, 0.8.1, 0.9.7.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.namespaces import inside
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    MissingLibrary,
    NoPrivilege,
)

# linux/netlink.h
_REQUEST, _ACK, _REPLACE, _EXCL, _CREATE = 0x1, 0x4, 0x100, 0x200, 0x400
SET = _REQUEST | _ACK
ADD = SET | _CREATE | _EXCL
REPLACE = SET | _CREATE | _REPLACE

# linux/rtnetlink.h
NEWLINK, DELLINK, GETLINK = 16, 17, 18
NEWADDR, DELADDR = 20, 21
NEWROUTE, DELROUTE = 24, 25
NEWRULE, DELRULE = 32, 33

_DUMP_ATTEMPTS = 5


class Refused(DeviceError):
    """The kernel answered with an error; `code` is its errno."""

    def __init__(self, code: int, what: str) -> None:
        self.code = code
        super().__init__(f"{what}: {os.strerror(code)}")


class Rtnetlink:
    """One route netlink socket in one network namespace, opened at the first request."""

    def __init__(self, netns: str | None = None) -> None:
        self._netns = netns
        self._socket: Any = None
        self._error: Any = None

    def send(self, command: str, message: int, flags: int, what: str, /, **fields: Any) -> tuple[Any, ...]:
        """Send one request (link, addr, route or rule) and give its answers. `what` names it in an error."""
        return self._call(command, what, ((message, flags),), fields)

    def dump(self, kind: str, what: str, /, **filters: Any) -> tuple[Any, ...]:
        """Give all messages of a kind. Kernels before 4.20 ignore the filters: the caller filters again."""
        for _attempt in range(_DUMP_ATTEMPTS - 1):
            try:
                return self._call("get_" + kind, what, (), filters)
            except Refused as error:
                if error.code != errno.EINTR:  # what is dumped changed meanwhile
                    raise
        return self._call("get_" + kind, what, (), filters)

    def close(self) -> None:
        """Close the socket. May be called twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _call(self, method: str, what: str, arguments: tuple[Any, ...], fields: dict[str, Any]) -> tuple[Any, ...]:
        self._open()
        try:
            return tuple(getattr(self._socket, method)(*arguments, **fields) or ())
        except self._error as error:
            code = errno.EINTR if error.code < 0 else error.code  # pyroute2 gives an interrupted dump the code -1
            if code == errno.EPERM:
                raise NoPrivilege(f"{what}: only root (CAP_NET_ADMIN) may do that; run this with become") from None
            raise Refused(code, what) from None

    def _open(self) -> None:
        if self._socket is not None:
            return
        try:
            from pyroute2 import IPRoute, NetlinkError
        except ImportError:
            sentence = (
                "{0} has no pyroute2: let the role wgfleet.wireguard.install bring it (wireguard_install=true), or"
                " install python3-pyroute2 (Arch: python-pyroute2, Alpine: py3-pyroute2)"
            )
            raise MissingLibrary(sentence.format(sys.executable)) from None
        self._error = NetlinkError
        with inside(self._netns):
            self._socket = IPRoute(strict_check=True)
