# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Linux host as a gateway: its switches, its packet filters, and the files that make both so at boot.

Rules of this file: nothing is compared; what cannot succeed is refused before the first write, and all files are staged
before anything else changes; every single write goes through `_write`, but for those of other programs.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import socket
from typing import Callable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.files import (
    boot_files,
    late_unit_path,
    paths_of,
    script_path,
    unit_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.host_filter import HostFilter
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.neighbours import (
    add_neighbour,
    read_neighbours,
    remove_neighbour,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.switches import (
    FORWARDING_STEPS,
    PROXY_ARP,
    PROXY_NDP,
    RECORD,
    HostSwitches,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.sysctl_files import (
    interface_switch,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.ways_out import WaysOut
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import (
    Staged,
    read_paths,
    sweep,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.systemd import (
    has_systemd,
    runs_systemd,
    systemctl,
    with_idle,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import GatewayState, GatewayStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import (
    AUTO,
    Needs,
    Outbound,
    outbound_entries,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    AddEntry,
    Entry,
    Filter,
    Handle,
    MoveEntry,
    ProxyNdp,
    RemoveEntry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import FILE_STEPS, RemoveFile

_ENTRY_STEPS = (AddEntry, MoveEntry, RemoveEntry)


class LinuxGateway:
    """The host whose files are below `root`, for the user `name`."""

    def __init__(self, name: str = "", root: str = "/") -> None:
        self._name = name
        self._root = root
        self._switches = HostSwitches(root)
        self._filter = HostFilter(name, root)
        self._needed = Needs()
        self._ways_out: Mapping[int, str] = {}

    def read(self) -> GatewayState:
        """Observe what is forwarded and let through, and for whom. Raises DeviceError."""
        self._ways_out = WaysOut()
        files = read_paths([*paths_of(self._name), *self._filter.paths()], self._root)
        files = with_idle(files, self._units(), self._root)
        script = files.get(script_path(self._name))
        neighbours = read_neighbours(self._name, script.content.raw.decode(errors="replace")) if script else []
        return GatewayState(
            filter=Filter([*self._filter.read(), *neighbours]),
            forwarding=self._switches.read(),
            ways_out=self._ways_out,
            interfaces=frozenset(name for _index, name in socket.if_nameindex()),
            files=files,
        )

    def refusals(self, needed: Needs) -> list[Problem]:
        """Tell what this host cannot do."""
        problems = []
        if needed.members:
            problems.append(Problem("list_members", "Linux has no lists of interfaces: leave it empty"))
        entries = [*needed.entries, *(entry for each in needed.outbound for entry in self._let_out(each))]
        reason = self._filter.impossible(entries) if entries else ""
        if reason:
            problems.append(Problem("", f"the packet filter of this host cannot be changed: {reason}"))
        reason = self._switches.fixed(needed.families)
        if reason:
            problems.append(Problem("forwarding", reason))
        reason = self._filter.unmanageable(entries) if needed.firewall == "auto" else ""
        if reason:
            problems.append(Problem("firewall", reason))
        return problems

    def _let_out(self, outbound: Outbound) -> Sequence[Entry]:
        # One that is not known is a problem of its own, and any word will do here.
        chosen = outbound.out_interface
        return outbound_entries(
            outbound, self._ways_out.get(outbound.source.version, AUTO) if chosen == AUTO else chosen
        )

    def adapt(self, needed: Needs) -> Needs:
        """Add what other firewalls have to be told, and the switches and files that it comes to."""
        with_others = needed.firewall == "auto"
        others = self._filter.for_others(needed.entries) if with_others else []
        neighbours = sorted(needed.proxy_ndp)
        switches = {interface_switch(interface, PROXY_ARP, "ipv4") for interface in needed.proxy_arp}
        switches |= {interface_switch(entry.interface, PROXY_NDP) for entry in neighbours}
        entries = (*needed.entries, *others, *neighbours)
        of_others = self._filter.files(entries, with_others)
        files = {**boot_files(self._name, entries, has_systemd(self._root)), **of_others}
        self._needed = dataclasses.replace(needed, entries=entries, switches=frozenset(switches), files=files)
        return self._needed

    def wall_of(self, entry: Entry) -> Handle | None:
        """Give the rule of another firewall before which an entry has to stand."""
        return self._filter.wall_of(entry)

    def apply(self, steps: Sequence[GatewayStep]) -> int:
        """Carry out the steps and give the number of writes. Raises DeviceError."""
        switches = [step for step in steps if isinstance(step, FORWARDING_STEPS)]
        files = [step for step in steps if isinstance(step, FILE_STEPS)]
        entries = [step for step in steps if isinstance(step, _ENTRY_STEPS)]
        neighbours = [step for step in entries if isinstance(step.entry, ProxyNdp)]
        self._switches.refuse_fixed(switches)
        self._filter.refuse_loss(entries, [step.path for step in files])
        with Staged(files, self._root) as staged:
            # Translated before it is forwarded, so that nothing leaves as it is meanwhile.
            writes = self._filter.apply([step for step in entries if step not in neighbours], self._needed.entries)
            writes += self._switches.apply(switches, self._write)
            # The script alone tells whose a neighbour is: it names one as long as there may be one.
            for step in neighbours:
                if isinstance(step, RemoveEntry):
                    self._write(functools.partial(remove_neighbour, step.entry))  # type: ignore[arg-type] # one of them
            for _path, commit in staged.commits():
                self._write(commit)
            for step in neighbours:
                if not isinstance(step, RemoveEntry):
                    self._write(functools.partial(add_neighbour, step.entry))  # type: ignore[arg-type] # one of them
        records = [RECORD] if switches else []
        sweep([*records, *(step.path for step in files if isinstance(step, RemoveFile))], self._root)
        writes += self._filter.reload(entries, [step.path for step in files])
        self._tell_systemd([step.path for step in files])
        return writes + len(files) + len(neighbours)

    def warnings(self) -> list[str]:
        """Name what undoes at boot, or does not do, what the user needs."""
        found = [
            f"{path} turns {switch} off again at boot: remove it from there"
            for switch, path in self.overruled(self._name).items()
        ]
        script = script_path(self._name)
        if script in self._needed.files and not has_systemd(self._root):
            found.append(f"this host has no systemd: let its own init system run {script} at boot")
        return found

    def overruled(self, user: str) -> dict[str, str]:
        """Give the switches of a user's file that a file of someone else turns off again at boot, and that file."""
        return self._switches.overruled(user)

    def close(self) -> None:
        """Nothing is held."""

    def _write(self, write: Callable[[], None]) -> None:
        """Carry out one write. A test that stops a run between two writes overrides it."""
        write()

    def _units(self) -> tuple[str, str]:
        return unit_path(self._name), late_unit_path(self._name)

    def _tell_systemd(self, paths: Sequence[str]) -> None:
        """Let a systemd that runs know the unit, so that a reload of what it comes after is passed on to it."""
        units = [path for path in self._units() if path in paths]
        if not units or not runs_systemd(self._root):
            return
        systemctl("daemon-reload")
        for unit in units:
            verb = "start" if unit in self._needed.files else "stop"
            systemctl(verb, os.path.basename(unit))


def open_gateway(name: str, _params: Mapping[str, object]) -> LinuxGateway:
    """Give the gateway of this host, for a user."""
    return LinuxGateway(name)
