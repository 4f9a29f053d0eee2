# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a redirection does not hang on its interface: routes along the uplink, switches, the kill switch, the record.

Rules of this file: nothing is compared; what cannot succeed is refused before the first write. The host's own routes
are only read where a default route is spoken of, or where a record tells of one.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import kill_switch as nft
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.connections import (
    incoming,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.record import (
    parse_redirection,
    redirection_path,
    render_redirection,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.uplink_routes import (
    UplinkRoutes,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.namespaces import inside
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import (
    ProgramError,
    find_program,
    run_program,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.records import redirections_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import Staged
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.default_route import (
    SOURCE_VALID_MARK,
    Uplinks,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    File,
    KillSwitch,
    Redirection,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddDetour,
    DisplaceRoute,
    FileStep,
    RecordRedirection,
    RemoveDetour,
    RemoveFile,
    RestoreRoute,
    SetKillSwitch,
    Step,
    TurnSwitch,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

STEPS = (RecordRedirection, AddDetour, RemoveDetour, DisplaceRoute, RestoreRoute, TurnSwitch, SetKillSwitch)


class HostRedirection:
    """The redirection into the interface `name` of one network namespace, recorded below `root`."""

    def __init__(self, name: str, netns: str | None = None, root: str = "/") -> None:
        self._name = name
        self._netns = netns
        self._root = root
        self._routes = UplinkRoutes(name, netns)

    def read(self) -> Mapping[str, Any]:
        """Give the fields of an Interface that tell of its redirection; none without a record."""
        recorded = self._recorded(self._name)
        if recorded is None:
            return {}
        claimed = self._claimed()
        return {
            "recorded": recorded,
            "detours": recorded.detours & self._routes.ours() if recorded.detours else frozenset(),
            "displaced": recorded.displaced - self._routes.foreign() if recorded.displaced else frozenset(),
            "switches": frozenset(filter(self._is_on, recorded.switches)),
            "shared_switches": recorded.switches & claimed,
            "kill_switch": self._kill_switch(recorded.kill_switch) if recorded.kill_switch else None,
        }

    def uplinks(self) -> Uplinks:
        """Give what the host has beside the interface."""
        on = frozenset(filter(self._is_on, (SOURCE_VALID_MARK,)))
        return Uplinks(self._routes.foreign(), self._routes.addresses(), on, self._claimed())

    def examine(self, steps: Sequence[Step]) -> None:
        """Refuse what cannot succeed."""
        self._routes.refuse_rivals(step.route for step in steps if isinstance(step, AddDetour))
        for step in steps:
            if isinstance(step, TurnSwitch) and not os.access(self._switch_path(step.switch), os.W_OK):
                raise DeviceError(f"{step.switch} cannot be set here: in a container, /proc/sys must not be read-only")
            if isinstance(step, SetKillSwitch):
                nft.table_name(self._name)
                if not find_program("nft"):
                    raise DeviceError("a kill switch needs nftables: install it")

    def action(self, step: Any) -> Callable[[], None]:
        """Give what carries out one step."""
        routes = self._routes
        actions: Mapping[type, Callable[[Any], None]] = {
            RecordRedirection: lambda step: self._record(step.redirection),
            AddDetour: lambda step: routes.add(step.route),
            RemoveDetour: lambda step: routes.remove(step.route),
            DisplaceRoute: lambda step: routes.displace(step.route),
            RestoreRoute: lambda step: routes.restore(step.route),
            TurnSwitch: lambda step: self._turn(step.switch, step.on),
            SetKillSwitch: lambda step: self._set_kill_switch(step.kill_switch),
        }
        return lambda: actions[type(step)](step)

    def close(self) -> None:
        """Close the socket. May be called twice."""
        self._routes.close()

    def _recorded(self, name: str) -> Redirection | None:
        path = redirection_path(name, self._netns)
        try:
            with open(os.path.join(self._root, path.lstrip("/")), encoding="utf-8", errors="replace") as stream:
                return parse_redirection(stream.read(), path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PersistenceError(f"cannot read {path}: {error.strerror}") from None

    def _claimed(self) -> frozenset[str]:
        """Give the switches that other interfaces have turned on."""
        records = filter(None, map(self._recorded, self._others()))
        return frozenset(switch for record in records for switch in record.switches)

    def _others(self) -> Iterator[str]:
        try:
            names = os.listdir(os.path.join(self._root, redirections_of(self._netns).lstrip("/")))
        except FileNotFoundError:
            return
        for name in sorted(names):
            if name.endswith(".json") and not name.startswith(".") and name != self._name + ".json":
                yield name[: -len(".json")]

    def _record(self, redirection: Redirection) -> None:
        path = redirection_path(self._name, self._netns)
        if redirection == Redirection():
            step: FileStep = RemoveFile(path)
        else:
            step = WriteFile(path, File(SecretText(render_redirection(redirection).encode())))
        with Staged([step], self._root) as staged:
            staged.commit()

    def _kill_switch(self, recorded: KillSwitch) -> KillSwitch | None:
        with inside(self._netns):
            try:
                listing = run_program(["nft", "-j", "list", "table", "inet", nft.table_name(self._name)])
            except ProgramError:  # there is none, or no nft
                return None
        return recorded._replace(altered=nft.found(listing) != nft.expected(self._name, recorded))

    def _set_kill_switch(self, kill_switch: KillSwitch | None) -> None:
        with inside(self._netns):
            text = nft.render(self._name, kill_switch, incoming()) if kill_switch else nft.removal(self._name)
            run_program(["nft", "-f", "-"], text)

    def _is_on(self, switch: str) -> bool:
        with inside(self._netns):
            try:
                with open(self._switch_path(switch), encoding="ascii") as stream:
                    return stream.read().strip() != "0"
            except OSError:
                return False

    def _turn(self, switch: str, on: bool) -> None:
        with inside(self._netns), open(self._switch_path(switch), "w", encoding="ascii") as stream:
            stream.write("1\n" if on else "0\n")

    def _switch_path(self, switch: str) -> str:
        return "/proc/sys/" + switch.replace(".", "/")
