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
import os
import socket
from typing import Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_device import (
    kernel_has_wireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import find_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    NoPrivilege,
    NoWireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetDevice, SetPeer, Step
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint

KERNEL, USERSPACE = "kernel", "userspace"

_CAP_NET_ADMIN = 12  # linux/capability.h
_WITHOUT_CAPABILITY = {
    False: "only root (CAP_NET_ADMIN) may change network interfaces: run this with become",
    True: "root may not change network interfaces here: give this container the capability NET_ADMIN",
}
_TUN = "/dev/net/tun"  # from which a userspace program makes its interfaces


class UnknownHost(DeviceError):
    """The host name of a peer's endpoint has no address."""


def require_privilege() -> None:
    """Raise NoPrivilege unless this process may change network interfaces."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        capabilities = next((int(line.split()[1], 16) for line in status if line.startswith("CapEff:")), 0)
    if not capabilities >> _CAP_NET_ADMIN & 1:
        raise NoPrivilege(_WITHOUT_CAPABILITY[os.geteuid() == 0])


def obstacle(program: str) -> str:
    """Tell why this host can make no WireGuard interface. Empty where it can."""
    try:
        choose_implementation("auto", program)
    except NoWireguard as error:
        return str(error)
    return ""


def choose_implementation(wanted: str, program: str) -> str:
    """Give `kernel` or `userspace` for a new interface: what was asked for, else the kernel where it can."""
    if wanted != USERSPACE and kernel_has_wireguard():
        return KERNEL
    if wanted != KERNEL and find_program(program):
        if not os.path.exists(_TUN):
            raise NoWireguard(
                f"this kernel has no WireGuard, and {program} needs {_TUN}, which is not here: give it to this"
                " container, or load the kernel's module tun"
            )
        return USERSPACE
    lacks = {
        KERNEL: "this kernel has no WireGuard: load its module (modprobe wireguard) or install it, or use the"
        " userspace implementation (implementation=auto)",
        USERSPACE: f"{program} is not installed: install it, or use the kernel's WireGuard (implementation=auto)",
    }
    neither = (
        f"this kernel has no WireGuard, and {program} is not installed. Let the role wgfleet.wireguard.install bring"
        " what is lacking (wireguard_install=true), load the kernel's module (modprobe wireguard), or install"
        f" {program}; in a container, the kernel is that of its host"
    )
    raise NoWireguard(lacks.get(wanted, neither))


def refuse_taken_port(steps: Sequence[Step]) -> None:
    """Raise DeviceError where the interface shall listen on a UDP port that something else has."""
    ports = [step.listen_port for step in steps if isinstance(step, SetDevice) and isinstance(step.listen_port, int)]
    for port in filter(None, ports):
        for family in (socket.AF_INET, socket.AF_INET6):
            if not _is_free(family, port):
                raise DeviceError(
                    f"UDP port {port} is in use by another program or interface: ss -ulnp tells by which. End that, or"
                    " declare another port"
                )


def _is_free(family: int, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(("", port))
    except OSError as error:
        return error.errno != errno.EADDRINUSE  # a host without IPv6 cannot listen by it
    return True


class Resolver:
    """Gives addresses for host names; for one name always the same, so that all of a run is about one address."""

    def __init__(self) -> None:
        self._known: dict[Endpoint, Endpoint] = {}

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        """Give the endpoint with an address for its host. Raises UnknownHost."""
        if _is_address(endpoint.host):
            return endpoint
        if endpoint not in self._known:
            self._known[endpoint] = _look_up(endpoint)
        return self._known[endpoint]

    def resolve_endpoints(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Give the steps with addresses for host names. Raises UnknownHost."""
        return tuple(self._resolved(step) if isinstance(step, SetPeer) else step for step in steps)

    def _resolved(self, step: SetPeer) -> SetPeer:
        if not isinstance(step.endpoint, Endpoint):
            return step
        return dataclasses.replace(step, endpoint=self(step.endpoint))


def _look_up(endpoint: Endpoint) -> Endpoint:
    try:
        answers = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnknownHost(
            f"the endpoint's host {endpoint.host} cannot be resolved here: {reason}; correct the"
            " endpoint, or the DNS of this host"
        ) from None
    return Endpoint(str(answers[0][4][0]), endpoint.port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
