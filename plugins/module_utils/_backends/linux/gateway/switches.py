# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forwarding of a Linux host: its switches now, what sets them at boot, and the record of what was off before.

Rules of this file: nothing is compared; what cannot succeed is refused before the first write, and all files are staged
before any of them or a switch changes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from typing import Callable, Iterable, Iterator, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import sysctl_files
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import Staged
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.forwarding import (
    ACCEPT_RA,
    SWITCHES,
    Forwarding,
    ForwardingStep,
    KeepSwitches,
    RecordSwitches,
    SetSwitch,
    on_value,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import PUBLIC_MODE, File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    FileStep,
    RemoveFile,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

RECORD = "var/lib/wgfleet/forwarding.json"
USER_FILES = "etc/sysctl.d"
_OURS = re.compile(r"60-wgfleet-(?P<user>.+)\.conf")
FORWARDING_STEPS = (RecordSwitches, KeepSwitches, SetSwitch)
PROXY_ARP, PROXY_NDP = ".proxy_arp", ".proxy_ndp"
_PROXIES = {"ipv4": PROXY_ARP, "ipv6": PROXY_NDP}
Write = Callable[[Callable[[], None]], None]  # carries out one write
_IPV6_ROUTES = "proc/net/ipv6_route"
_ADVERTISED_DEFAULT = 0x00050000  # RTF_ADDRCONF | RTF_DEFAULT, linux/ipv6_route.h


class GatewayError(DeviceError):
    """The forwarding of this host cannot be read or changed."""


class HostSwitches:
    """The switches of the host whose files are below `root`."""

    def __init__(self, root: str) -> None:
        self._root = root

    def read(self) -> Forwarding:
        """Observe what is forwarded and answered, and for whom. Raises GatewayError."""
        with _explained("read"):
            needed, recorded, listening = self._needed(), self._recorded(), self._listening()
            known = set(SWITCHES.values()).union(recorded, listening, self._proxies(), *needed.values())
            on = frozenset(switch for switch in known if self._is_on(switch))
            claimed = (switch for switch, (value, _path) in self._foreign().items() if value != "0")
            return Forwarding(on, needed, recorded, listening, frozenset(claimed))

    def overruled(self, user: str) -> dict[str, str]:
        """Give the switches of a user's file that a file of someone else turns off again at boot, and that file."""
        with _explained("read"):
            needed = self._needed().get(user, frozenset())
            own = _file_of(user).rpartition("/")[2]
            return {
                switch: path
                for switch, (value, path) in self._foreign().items()
                if switch in needed and value == "0" and (path == sysctl_files.LAST or path.rpartition("/")[2] > own)
            }

    def apply(self, steps: Sequence[ForwardingStep], write: Write) -> int:
        """Carry out the steps in their order and give the number of writes. Raises GatewayError."""
        files = [_file_step(step) for step in steps if not isinstance(step, SetSwitch)]
        with _explained("change"), Staged(files, self._root) as staged:
            commits = staged.commits()
            for step in steps:
                write(self._setting(step) if isinstance(step, SetSwitch) else next(commits)[1])
        return len(steps)

    def _setting(self, step: SetSwitch) -> Callable[[], None]:
        def write() -> None:
            with open(self._switch_path(step.switch), "w", encoding="ascii") as stream:
                stream.write(f"{step.value}\n")

        return write

    def fixed(self, families: Iterable[str]) -> str:
        """Tell why one of these families cannot be forwarded, "" where all can or are. Changes nothing."""
        switches = (SWITCHES[family] for family in families)
        return next(filter(None, (self._fixed(switch) for switch in switches if not self._is_on(switch))), "")

    def refuse_fixed(self, steps: Iterable[ForwardingStep]) -> None:
        """Raise GatewayError where a switch that is to change cannot."""
        for switch in (step.switch for step in steps if isinstance(step, SetSwitch)):
            reason = self._fixed(switch)
            if reason:
                raise GatewayError(reason)

    def _fixed(self, switch: str) -> str:
        path = self._switch_path(switch)
        if not os.path.exists(path):
            return f"this host cannot forward: its kernel has no {switch}"
        if not os.access(path, os.W_OK):
            advice = "this needs root, and in a container a /proc/sys that is not read-only"
            return f"this host cannot forward: {switch} cannot be set; {advice}"
        return ""

    def _needed(self) -> dict[str, frozenset[str]]:
        needed = {}
        for directory, name in self._files_in(USER_FILES):
            ours = _OURS.fullmatch(name)
            values = sysctl_files.parse(self._text(f"{directory}/{name}")) if ours else {}
            switches = frozenset(switch for switch, value in values.items() if value == str(on_value(switch)))
            if ours and switches:
                needed[ours["user"]] = switches
        return needed

    def _recorded(self) -> frozenset[str]:
        text = self._text(RECORD)
        try:
            return frozenset(map(str, json.loads(text)["turned_on"])) if text else frozenset()
        except (ValueError, KeyError, TypeError):
            advice = "remove it, and forwarding that is on stays on"
            raise GatewayError(f"/{RECORD} is damaged: {advice}") from None

    def _listening(self) -> frozenset[str]:
        rows = (line.split() for line in self._text(_IPV6_ROUTES).splitlines())
        found = {row[9] for row in rows if int(row[8], 16) & _ADVERTISED_DEFAULT == _ADVERTISED_DEFAULT}
        switches = (sysctl_files.interface_switch(interface, ACCEPT_RA) for interface in found)
        return frozenset(switch for switch in switches if self._value(switch) in ("1", "2"))

    def _proxies(self) -> Iterator[str]:
        for family, switch in _PROXIES.items():
            with contextlib.suppress(FileNotFoundError):
                for interface in os.listdir(os.path.join(self._root, f"proc/sys/net/{family}/conf")):
                    yield sysctl_files.interface_switch(interface, switch, family)

    def _foreign(self) -> Mapping[str, tuple[str, str]]:
        """Give what files of others set at boot: the value of each switch, and the file."""
        found = [place for directory in sysctl_files.DIRECTORIES for place in self._files_in(directory)]
        values = {}
        for path in [*sysctl_files.boot_order(found), sysctl_files.LAST]:
            if not _OURS.fullmatch(path.rpartition("/")[2]):
                values.update({name: (value, path) for name, value in sysctl_files.parse(self._text(path)).items()})
        return values

    def _files_in(self, directory: str) -> list[tuple[str, str]]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            names = sorted(os.listdir(os.path.join(self._root, directory)))
            return [(directory, name) for name in names if name.endswith(".conf")]
        return []

    def _text(self, path: str) -> str:
        try:
            with open(os.path.join(self._root, path), encoding="utf-8", errors="replace") as stream:
                return stream.read()
        except FileNotFoundError:
            return ""

    def _switch_path(self, switch: str) -> str:
        return os.path.join(self._root, "proc/sys", sysctl_files.path_of(switch))

    def _value(self, switch: str) -> str:
        return self._text(self._switch_path(switch)).strip()

    def _is_on(self, switch: str) -> bool:
        value = self._value(switch)
        return value == str(on_value(switch)) if switch.endswith(ACCEPT_RA) else value not in ("", "0")


def _file_of(user: str) -> str:
    return f"{USER_FILES}/60-wgfleet-{user}.conf"


def _file_step(step: RecordSwitches | KeepSwitches) -> FileStep:
    path = "/" + (RECORD if isinstance(step, RecordSwitches) else _file_of(step.user))
    if not step.switches:
        return RemoveFile(path)
    text = json.dumps({"turned_on": sorted(step.switches)}) + "\n"
    if isinstance(step, KeepSwitches):
        comment = f"Kept by Ansible (wgfleet.wireguard.linux_gateway) for {step.user}"
        text = sysctl_files.render(comment, {switch: on_value(switch) for switch in step.switches})
    mode = 0o600 if isinstance(step, RecordSwitches) else PUBLIC_MODE  # sysctl.d is there for everyone to read
    return WriteFile(path, File(SecretText(text.encode("utf-8")), mode=mode))


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GatewayError(f"cannot {what} the forwarding of this host: {error.filename}: {error.strerror}") from None
