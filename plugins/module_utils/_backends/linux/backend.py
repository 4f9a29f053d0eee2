# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One WireGuard interface on a Linux host: its link, its device, what hangs on them and the files that bring it back.

Rules of this file: nothing is compared; all that can fail without a write fails before the first one; files are ready
before the first live change and take their places after the last; every single write goes through `_write`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
from typing import Any, Callable, ContextManager, Mapping, Protocol, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux import preflight
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import (
    files_for,
    network_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.observed_files import (
    Found,
    boot_obstacle,
    find_quick_unit,
    read_files,
    refuse_boot_elsewhere,
    refuse_idle_networkd,
    refuse_loss,
    refuse_unknown_persistence,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.record import Record
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.units import tell_systemd
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import redirection
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import DeviceStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_device import (
    NetlinkDevice,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.uapi_device import (
    UapiDevice,
    is_alive,
    start_userspace,
    stop_userspace,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.gateway import LinuxGateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.links import Link, Links
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.lock import locked
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.preflight import KERNEL, USERSPACE
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import Staged, sweep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, WrongKind
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.default_route import redirected
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    File,
    Interface,
    Peer,
    Route,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    FILE_STEPS,
    AddAddress,
    AddRoute,
    AddRule,
    CreateInterface,
    DisplaceRoute,
    RemoveAddress,
    RemoveFile,
    RemoveInterface,
    RemovePeer,
    RemoveRoute,
    RemoveRule,
    SetDevice,
    SetLink,
    SetPeer,
    Step,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint

_DEVICE_STEPS = (SetDevice, SetPeer, RemovePeer)
_TUN = "tun"
_PATIENCE = 5.0  # seconds
_POLL = 0.01  # seconds


class Device(Protocol):
    """What the kernel's and the userspace device have in common."""

    def read(self) -> Interface: ...

    def write(self, steps: Sequence[DeviceStep]) -> int: ...

    def close(self) -> None: ...


class LinuxBackend:
    """The interface `name`; in another network namespace where `netns` names one, its UDP socket stays in the caller's.

    What comes up at boot is of the host's own namespace, so that an interface in another one has none of its files.
    `implementation` (auto, kernel or userspace) counts when the interface is created. `root` is where the host's files
    are.
    """

    def __init__(
        self,
        name: str,
        netns: str | None = None,
        implementation: str = "auto",
        userspace_program: str = "wireguard-go",
        root: str = "/",
    ) -> None:
        self.name = name
        self._netns = netns
        self._implementation = implementation
        self._program = userspace_program
        self._root = root
        self._links = Links(name, netns)
        self._redirection = redirection.HostRedirection(name, netns, root)
        self._resolver = preflight.Resolver()
        self._seen = absent(name)
        self._found = Found({}, Record())
        self._devices: dict[str, Device] = {}
        self._writes = 0

    def capabilities(self) -> frozenset[str]:
        """Give all fields but `properties`, of which Linux knows none."""
        fields = {field.name for field in dataclasses.fields(DesiredInterface)} | set(DesiredPeer._fields)
        return frozenset(fields - {"properties"})

    def adapt(self, desired: DesiredInterface) -> DesiredInterface:
        """Give the desired state with its default route as the routes, rules and switches of this host.

        Raises InvalidInput for what cannot be in another network namespace, and PersistenceError where a file of ours
        would lose what nothing else holds.
        """
        if self._netns is not None:
            refuse_boot_elsewhere(desired)
        refuse_unknown_persistence(self.name, self._found, desired)
        if not self._seen.exists:
            refuse_loss(self.name, self._found, desired)
        return redirected(desired, self._seen, self._redirection.uplinks, lambda known: self._resolver(known).host)

    def alone(self) -> ContextManager[None]:
        """Wait until no other run on this host works on an interface of this name, and keep others off meanwhile."""
        return locked(f"interface-{self.name}")

    def gateway(self) -> LinuxGateway | None:
        """Give the gateway of this host. In another network namespace, files of this one would speak of it."""
        return None if self._netns else LinuxGateway(self.name, self._root)

    def read(self) -> Interface:
        """Observe the interface. Raises WrongKind where the name belongs to something else."""
        found = read_files(self.name, self._root, self._netns)
        seen = self._read(found)
        self._seen, self._found = dataclasses.replace(seen, boot_obstacle=boot_obstacle(seen, self._root)), found
        return self._seen

    def _read(self, found: Found) -> Interface:
        record, around = found.record, self._redirection.read()
        known = record.rules | (around["recorded"].rules if around else frozenset())
        self._links.routing.of_networkd |= record.persist == "networkd"
        rules = self._links.routing.rules() & known if known else frozenset()
        link = self._links.read()
        device = self._device_of(link)
        if link is None or device is None:
            return dataclasses.replace(
                absent(self.name),
                files=found.files,
                rules=rules,
                persist=record.persist,
                is_marked=found.has_ours,
                **around,
            )
        seen = device.read()
        return dataclasses.replace(
            seen,
            name=self.name,
            mtu=link.mtu,
            up=link.up,
            addresses=self._links.addresses(),
            routes=self._links.routing.routes(),
            rules=rules,
            peers={
                key: peer._replace(endpoint=_declared(peer, record), name=record.labels.get(key, ""))
                for key, peer in seen.peers.items()
            },
            persist=record.persist,
            files=found.files,
            is_marked=found.has_ours,
            **around,
        )

    def files(self, interface: Interface) -> Mapping[str, File]:
        """Tell which files shall stand for an interface in this state. Raises PersistenceError."""
        if interface.exists and interface.persist == "networkd":
            refuse_idle_networkd(self._root)
        return files_for(interface, find_quick_unit(self._root), self._netns)

    def apply(self, steps: Sequence[Step]) -> int:
        """Carry out the steps in their order and give the number of writes."""
        self._writes = 0
        if not steps:
            return 0
        implementation = self._examine(steps)
        steps = self._resolver.resolve_endpoints(steps)
        staged = Staged([step for step in steps if isinstance(step, FILE_STEPS)], self._root)
        with staged:
            for kind, group in itertools.groupby(steps, _kind):
                self._carry_out(kind, tuple(group), implementation)
            if RemoveFile(network_path(self.name)) in steps:
                self._adopt_rules(steps)
            for path, rename in staged.commits():
                self._write(f"write {path}", rename)
        sweep([step.path for step in steps if isinstance(step, RemoveFile)], self._root)
        tell_systemd(self.name, steps, self._root)
        return self._writes

    def close(self) -> None:
        """Close the sockets. May be called twice."""
        self._links.close()
        self._redirection.close()
        while self._devices:
            self._devices.popitem()[1].close()

    def _adopt_rules(self, steps: Sequence[Step]) -> None:
        gone = {step.rule for step in steps if isinstance(step, RemoveRule)}
        self._links.routing.adopt_rules(self._seen.rules - gone)

    def _write(self, what: str, action: Callable[[], int | None]) -> None:
        """Carry out one write, or as many as the action says. Tests that stop a run in between come in here."""
        number = action()
        self._writes += 1 if number is None else number

    def _examine(self, steps: Sequence[Step]) -> str:
        """Refuse what cannot succeed, and give the implementation of the interface (empty where there is none)."""
        preflight.require_privilege()
        preflight.refuse_taken_port(steps)
        link = self._links.read()
        routes = [step.route for step in steps if isinstance(step, AddRoute)]
        if routes:
            self._links.routing.yielding = _displaced(steps)
            self._links.routing.refuse_rivals(routes, link.number if link else None)
        self._redirection.examine(steps)
        if not any(isinstance(step, CreateInterface) for step in steps):
            return self._implementation_of(link)
        chosen = preflight.choose_implementation(self._implementation, self._program)
        if chosen == USERSPACE:
            self._await_end()
            if self._netns is not None:
                self._is_left_over()
        return chosen

    def _carry_out(self, kind: object, steps: Sequence[Any], implementation: str) -> None:
        if kind is _DEVICE_STEPS:
            device = self._device(implementation)
            self._write("set the device and its peers", lambda: device.write(steps))
        elif kind is CreateInterface:
            self._create(implementation)
        elif kind is RemoveInterface:
            self._remove(implementation)
        elif kind is RemoveRoute:
            present = self._links.routing.routes()
            self._each([step for step in steps if step.route in present])
        elif kind not in FILE_STEPS:
            self._each(steps)
        if kind is SetLink and implementation == USERSPACE and any(step.up is True for step in steps):
            # The program sees that its link is up a moment later, and only then opens its port.
            self._wait(lambda: self._device(USERSPACE).read().listen_port != 0)

    def _each(self, steps: Sequence[Any]) -> None:
        links, routing = self._links, self._links.routing
        actions: dict[type, Callable[[Any], None]] = {
            SetLink: lambda step: links.change(step.mtu, step.up),
            AddAddress: lambda step: links.add_address(step.address),
            RemoveAddress: lambda step: links.remove_address(step.address),
            AddRoute: lambda step: routing.add_route(step.route),
            RemoveRoute: lambda step: routing.remove_route(step.route),
            AddRule: lambda step: routing.add_rule(step.rule),
            RemoveRule: lambda step: routing.remove_rule(step.rule),
        }
        for step in steps:
            if isinstance(step, redirection.STEPS):
                self._write(type(step).__name__, self._redirection.action(step))
            else:
                self._write(type(step).__name__, functools.partial(actions[type(step)], step))

    def _create(self, implementation: str) -> None:
        if implementation == KERNEL:
            self._write("create the interface", self._links.create)
            return
        if self._netns is None or not self._is_left_over():
            self._write("start " + self._program, self._start)
        if self._netns is not None:
            self._write("move the interface", self._links.fetch)

    def _start(self) -> None:
        start_userspace(self.name, self._program)
        # Its socket takes connections before it has looked up its link, which must not have moved by then.
        self._device(USERSPACE).read()

    def _await_end(self) -> None:
        """Let a program end whose link someone has removed: it does so by itself, a moment later."""
        here = Links(self.name)
        try:
            self._wait(lambda: not is_alive(self.name) or here.read() is not None)
        finally:
            here.close()

    def _is_left_over(self) -> bool:
        """Tell whether a run was killed after it had started the program and before it had moved the interface.

        Raises DeviceError where an interface that someone uses is in the way: userspace devices of one /run share
        their names.
        """
        if not is_alive(self.name):
            return False
        if UapiDevice(self.name).read().private_key is None:
            return True
        raise DeviceError(
            f"a userspace WireGuard called {self.name} is there already, outside {self._netns}: choose another name"
        )

    def _remove(self, implementation: str) -> None:
        if implementation == USERSPACE:
            self._write("stop the userspace program", lambda: stop_userspace(self.name))
            self._wait(lambda: self._links.read() is None)
        else:
            self._write("remove the interface", self._links.remove)

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition() and time.monotonic() < deadline:
            time.sleep(_POLL)

    def _device_of(self, link: Link | None) -> Device | None:
        implementation = self._implementation_of(link)
        return self._device(implementation) if implementation else None

    def _implementation_of(self, link: Link | None) -> str:
        if link is None:
            return ""
        if link.kind == "wireguard":
            return KERNEL
        if link.kind == _TUN and is_alive(self.name):
            return USERSPACE
        raise WrongKind(
            f"{self.name} exists and is no WireGuard interface, but one of kind {link.kind or 'unknown'}:"
            " choose another name (interface in the declaration)"
        )

    def _device(self, implementation: str) -> Device:
        if implementation not in self._devices:
            kernel = implementation == KERNEL
            self._devices[implementation] = NetlinkDevice(self.name, self._netns) if kernel else UapiDevice(self.name)
        return self._devices[implementation]


def _declared(peer: Peer, record: Record) -> Endpoint | None:
    # A peer that has none was made anew by someone else: what was declared once is not what it has.
    return record.endpoints.get(peer.public_key, peer.endpoint) if peer.endpoint else None


def _displaced(steps: Sequence[Step]) -> frozenset[Route]:
    """Give the places from which routes of others are taken away, and which ours may take at once."""
    routes = (step.route for step in steps if isinstance(step, DisplaceRoute))
    return frozenset(Route(route.destination, route.table, route.metric) for route in routes)


def _kind(step: Step) -> object:
    return _DEVICE_STEPS if isinstance(step, _DEVICE_STEPS) else type(step)


def open_linux(name: str, params: Mapping[str, Any]) -> LinuxBackend:
    """Give the backend of an interface as a module's parameters say."""
    return LinuxBackend(name, params["netns"], params["implementation"], params["userspace_program"])
