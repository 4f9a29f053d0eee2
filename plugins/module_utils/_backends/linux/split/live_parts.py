# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a split tunnel that are in the kernel or with systemd: how each is put and dropped."""

from __future__ import annotations

from typing import Callable, Iterable, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import kernel
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import Job
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.tunnel_parts import (
    ROUTE,
    RULE,
    SERVICE,
    SWITCH,
    TABLE,
    TIMER,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.units import refresh_service_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.systemd import systemctl
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import DropPart, PartStep, PutPart

_PUT: Mapping[str, Callable[[str, str], None]] = {
    SWITCH: lambda name, content: kernel.set_reverse_path_filter(name, int(content)),
    ROUTE: lambda name, _content: kernel.put_route(name),
    RULE: lambda name, _content: kernel.put_rule(name),
    TABLE: kernel.load_table,
    TIMER: lambda name, _content: systemctl("restart", name),
    SERVICE: lambda name, _content: systemctl("start", name),
}


def put_live(steps: Iterable[PartStep]) -> None:
    """Put those of the parts that are live. Raises DeviceError."""
    for step in steps:
        if isinstance(step, PutPart) and step.key.kind in _PUT:
            _PUT[step.key.kind](step.key.name, step.content)


def drop_live(steps: Iterable[PartStep], interface: str, recorded: Job | None) -> None:
    """Drop those of the parts that are live; the switch goes back to what the record says. Raises DeviceError."""
    strict = recorded.strict if recorded else None
    drops: Mapping[str, Callable[[str], None]] = {
        SWITCH: lambda name: kernel.set_reverse_path_filter(name, strict or 0),
        ROUTE: kernel.drop_route,
        RULE: kernel.drop_rule,
        TABLE: kernel.remove_table,
        # A refresh that is under way would start over with files that are not there any more.
        TIMER: lambda name: systemctl("stop", name, refresh_service_of(interface)),
        SERVICE: lambda name: systemctl("stop", name),
    }
    for step in steps:
        if isinstance(step, DropPart) and step.key.kind in drops:
            drops[step.key.kind](step.key.name)
