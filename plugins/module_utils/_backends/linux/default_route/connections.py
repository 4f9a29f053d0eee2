# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TCP connections that others have opened to this host.

Rules of this file: read-only. Facts are from Documentation/networking/proc_net_tcp.rst: addresses are words of 32 bits
in the byte order of the host, ports are not.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.kill_switch import (
    Connection,
)

_FILES = ("/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6")
_ESTABLISHED, _LISTENING = "01", "0A"


class _Row(NamedTuple):
    state: str
    local_port: int
    address: str
    port: int


def incoming() -> list[Connection]:
    """Give the connections to a port on which something listens, but for those within the host."""
    rows = [row for path in _FILES for row in _rows(path)]
    listening = {row.local_port for row in rows if row.state == _LISTENING}
    found = []
    for row in rows:
        address = ipaddress.ip_address(row.address)
        if row.state == _ESTABLISHED and row.local_port in listening and not address.is_loopback:
            found.append(Connection(address.version, str(address), row.port, row.local_port))
    return found


def _rows(path: str) -> Iterator[_Row]:
    try:
        with open(path, encoding="ascii") as stream:
            lines = stream.read().splitlines()[1:]
    except FileNotFoundError:  # a kernel without IPv6
        return
    for line in lines:
        _number, local, remote, state = line.split()[:4]
        address, port = remote.split(":")
        yield _Row(state, int(local.rpartition(":")[2], 16), decode_address(address), int(port, 16))


def decode_address(text: str, order: str = sys.byteorder) -> str:
    """Give the address; an IPv4 one is told as such where an IPv6 socket has it."""
    packed = bytes.fromhex(text)
    if order == "little":
        packed = b"".join(packed[start : start + 4][::-1] for start in range(0, len(packed), 4))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
