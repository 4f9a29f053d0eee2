# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be found out before the first write, so that nothing is half done.

Rules of this file: nothing here writes; each refusal is an error that says what to do.
"""

from __future__ import annotations

import dataclasses
import errno
import ipaddress
import shutil
import socket
from typing import Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.netlink_device import (
    kernel_has_wireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import Endpoint
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    NoPrivilege,
    NoWireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.steps import SetDevice, SetPeer, Step

KERNEL, USERSPACE = "kernel", "userspace"

_CAP_NET_ADMIN = 12  # linux/capability.h


class UnknownHost(DeviceError):
    """The host name of a peer's endpoint has no address."""


def require_privilege() -> None:
    """Raise NoPrivilege unless this process may change network interfaces."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        capabilities = next((int(line.split()[1], 16) for line in status if line.startswith("CapEff:")), 0)
    if not capabilities >> _CAP_NET_ADMIN & 1:
        raise NoPrivilege("only root (CAP_NET_ADMIN) may change network interfaces: run this with become")


def choose_implementation(wanted: str, program: str) -> str:
    """Give `kernel` or `userspace` for a new interface: what was asked for, else the kernel where it can."""
    if wanted != USERSPACE and kernel_has_wireguard():
        return KERNEL
    if wanted != KERNEL and shutil.which(program):
        return USERSPACE
    lacks = {
        KERNEL: "this kernel has no WireGuard: install its module",
        USERSPACE: f"{program} is not installed",
    }
    neither = f"this kernel has no WireGuard, and {program} is not installed: install either"
    raise NoWireguard(lacks.get(wanted, neither))


def refuse_taken_port(steps: Sequence[Step]) -> None:
    """Raise DeviceError where the interface shall listen on a UDP port that something else has."""
    ports = [step.listen_port for step in steps if isinstance(step, SetDevice) and isinstance(step.listen_port, int)]
    for port in filter(None, ports):
        for family in (socket.AF_INET, socket.AF_INET6):
            if not _is_free(family, port):
                raise DeviceError(f"UDP port {port} is in use by another program or interface")


def _is_free(family: int, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(("", port))
    except OSError as error:
        return error.errno != errno.EADDRINUSE  # a host without IPv6 cannot listen by it
    return True


def resolve_endpoints(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Give the steps with addresses for host names. Raises UnknownHost."""
    known: dict[Endpoint, Endpoint] = {}
    return tuple(_resolved(step, known) if isinstance(step, SetPeer) else step for step in steps)


def _resolved(step: SetPeer, known: dict[Endpoint, Endpoint]) -> SetPeer:
    endpoint = step.endpoint
    if not isinstance(endpoint, Endpoint) or _is_address(endpoint.host):
        return step
    if endpoint not in known:
        known[endpoint] = _look_up(endpoint)
    return dataclasses.replace(step, endpoint=known[endpoint])


def _look_up(endpoint: Endpoint) -> Endpoint:
    try:
        answers = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnknownHost(f"the endpoint's host {endpoint.host} cannot be resolved: {reason}") from None
    return Endpoint(str(answers[0][4][0]), endpoint.port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
