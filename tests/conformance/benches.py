# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends that the scenarios run on, each with a judge of its own.

A bench gives a host of its own for each scenario, backends on it, one of them sealed against writes, and what an
independent judge says of the interface. A new backend is one more bench in BENCHES, and runs all scenarios.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_device import (
    kernel_has_wireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File, Interface, absent
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import Step
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_endpoint
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.tests.conformance import judge
from ansible_collections.wgfleet.wireguard.tests.conformance.judge import Shown, ShownPeer
from ansible_collections.wgfleet.wireguard.tests.conformance.private_host import private_host
from ansible_collections.wgfleet.wireguard.tests.conformance.routeros_bench import (
    DOUBTS,
    RELEASES,
    RouterosBench,
    WroteAnyway,
)


class Bench(Protocol):
    """One backend under test."""

    name: str

    def missing(self) -> str:
        """Say in words what this machine lacks to run it; empty where nothing."""

    def host(self, folder: Path) -> contextlib.AbstractContextManager[None]:
        """Give a device without interfaces while a scenario runs. `folder` is an empty one for its files."""

    def open(self, name: str = "wg0", sealed: bool = False) -> Backend:
        """Give a backend; a sealed one raises WroteAnyway instead of writing."""

    def shown(self, name: str = "wg0") -> Shown | None:
        """Let the judge speak; None where there is no such interface."""

    def roam(self, peer: PublicKey, endpoint: str) -> None:
        """Let a peer of wg0 call from elsewhere."""


class MemoryBackend:
    """The contract by `apply_steps` itself: it proves the scenarios, not a device."""

    def __init__(self, devices: dict[str, Interface], name: str, sealed: bool) -> None:
        self._devices, self._name, self._sealed = devices, name, sealed

    def capabilities(self) -> frozenset[str]:
        return LinuxBackend("unused").capabilities()

    def adapt(self, desired: DesiredInterface) -> DesiredInterface:
        return desired

    def read(self) -> Interface:
        return self._devices.get(self._name, absent(self._name))

    def files(self, interface: Interface) -> Mapping[str, File]:
        return {}

    def apply(self, steps: Sequence[Step]) -> int:
        if steps and self._sealed:
            raise WroteAnyway(str(steps))
        self._devices[self._name] = apply_steps(self.read(), steps)
        return len(steps)

    def close(self) -> None:
        pass


class MemoryBench:
    name = "memory"

    def missing(self) -> str:
        return ""

    @contextlib.contextmanager
    def host(self, folder: Path) -> Iterator[None]:
        self._devices: dict[str, Interface] = {}
        yield

    def open(self, name: str = "wg0", sealed: bool = False) -> Backend:
        return MemoryBackend(self._devices, name, sealed)

    def shown(self, name: str = "wg0") -> Shown | None:
        seen = self._devices.get(name, absent(name))
        if not seen.exists:
            return None
        return Shown(
            private_key=seen.private_key.reveal() if seen.private_key else "",
            listen_port=seen.listen_port,
            fwmark=seen.fwmark,
            mtu=seen.mtu,
            up=seen.up,
            addresses=frozenset(map(str, seen.addresses)),
            routes=frozenset((str(route.destination), route.table, route.metric) for route in seen.routes),
            peers={
                str(key): ShownPeer(
                    peer.preshared_key.reveal() if peer.preshared_key else "",
                    str(peer.endpoint or ""),
                    frozenset(map(str, peer.allowed_ips)),
                    peer.persistent_keepalive,
                )
                for key, peer in seen.peers.items()
            },
        )

    def roam(self, peer: PublicKey, endpoint: str) -> None:
        device = self._devices["wg0"]
        roamed = device.peers[peer]._replace(current_endpoint=parse_endpoint(endpoint))
        self._devices["wg0"] = replace(device, peers={**device.peers, peer: roamed})


class SealedLinuxBackend(LinuxBackend):
    """The Linux backend with its one place of writing shut."""

    def _write(self, what: str, action: Callable[[], int | None]) -> None:
        raise WroteAnyway(what)


class LinuxBench:
    """The Linux backend with a device of the kernel or of userspace, judged by wg and ip."""

    def __init__(self, implementation: str) -> None:
        self.name = f"linux-{implementation}"
        self.implementation = implementation
        self.root = Path("/")
        self.netns: str | None = None

    def missing(self) -> str:
        if os.geteuid() != 0:
            return "only root makes network namespaces: run by ./dev conformance"
        if self.implementation == "kernel":
            return "" if kernel_has_wireguard() else "this kernel has no WireGuard: run by ./dev kernel"
        return "" if shutil.which("wireguard-go") else "wireguard-go is not installed"

    @contextlib.contextmanager
    def host(self, folder: Path) -> Iterator[None]:
        self.root, self.netns = folder, None
        with private_host():
            yield

    def open(self, name: str = "wg0", sealed: bool = False) -> LinuxBackend:
        return self.make(SealedLinuxBackend if sealed else LinuxBackend, name)

    def make(self, kind: type[LinuxBackend], name: str = "wg0") -> LinuxBackend:
        """Give a backend of a special kind."""
        return kind(name, self.netns, implementation=self.implementation, root=str(self.root))

    def shown(self, name: str = "wg0") -> Shown | None:
        return judge.shown(name, ROUTE_PROTOCOL, self.netns) if judge.exists(name, self.netns) else None

    def roam(self, peer: PublicKey, endpoint: str) -> None:
        judge.run("wg", "set", "wg0", "peer", str(peer), "endpoint", endpoint)


LINUX_BENCHES = [LinuxBench("userspace"), LinuxBench("kernel")]
ROUTEROS_BENCHES = [RouterosBench(), *map(RouterosBench, RELEASES), RouterosBench(RELEASES[-1], DOUBTS)]
BENCHES: list[Bench] = [MemoryBench(), *LINUX_BENCHES, *ROUTEROS_BENCHES]
