# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway as a whole: its packet filter, what it forwards, its settings, and its ways out.

Rules of this file: pure. What one user needs is held against what is observed, and becomes the steps of the parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Iterator, Mapping, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.forwarding import (
    Forwarding,
    ForwardingStep,
    plan_forwarding,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import (
    AUTO,
    Needs,
    Outbound,
    outbound_entries,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    Filter,
    FilterStep,
    WallOf,
    plan_filter,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.settings import (
    Settings,
    SettingStep,
    plan_settings,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    FileStep,
    RemoveFile,
    WriteFile,
)


@dataclass(frozen=True)
class GatewayState:
    """The observed state. `ways_out` has the interface of the default route of each IP version that has one.

    `files` are those that stand where files of the user may stand.
    """

    filter: Filter = field(default_factory=Filter)
    forwarding: Forwarding = field(default_factory=lambda: Forwarding(frozenset(), {}))
    settings: Settings = field(default_factory=Settings)
    ways_out: Mapping[int, str] = field(default_factory=dict)
    interfaces: frozenset[str] = frozenset()
    files: Mapping[str, File] = field(default_factory=dict)


GatewayStep = Union[FilterStep, ForwardingStep, SettingStep, FileStep]


def plan_gateway(observed: GatewayState, user: str, needed: Needs, wall_of: WallOf) -> tuple[GatewayStep, ...]:
    """Give the steps after which the gateway does what a user needs, said in the device's terms."""
    return (
        *plan_filter(observed.filter, user, needed.entries, needed.members, wall_of),
        *plan_forwarding(observed.forwarding, user, needed.families, needed.switches),
        *plan_settings(observed.settings, user, needed.settings),
        *_plan_files(observed.files, needed.files),
    )


def _plan_files(observed: Mapping[str, File], needed: Mapping[str, File]) -> Iterator[FileStep]:
    for path, file in needed.items():
        if observed.get(path) != file:
            yield WriteFile(path, file)
    for path in sorted(observed.keys() - needed.keys()):
        yield RemoveFile(path)


def unresolved(needed: Needs, observed: GatewayState) -> list[Problem]:
    """Tell which interfaces that a user needs besides the tunnels are not there."""
    ways: dict[str, Problem] = {}  # by what is wrong, since one interface serves many prefixes
    for index, outbound in enumerate(needed.outbound):
        message = _way_problem(outbound, observed)
        if message:
            ways.setdefault(message, Problem(f"outbound[{index}].out_interface", message))
    proxies = {"proxy_arp": needed.proxy_arp, "proxy_ndp": {each.interface for each in needed.proxy_ndp}}
    return [*ways.values()] + [
        Problem(option, f"there is no interface {interface}")
        for option, interfaces in proxies.items()
        for interface in sorted(interfaces - observed.interfaces)
    ]


def _way_problem(outbound: Outbound, observed: GatewayState) -> str:
    if outbound.out_interface != AUTO:
        known = outbound.out_interface in observed.interfaces
        return "" if known else f"there is no interface {outbound.out_interface}"
    version = outbound.source.version
    way_out = observed.ways_out.get(version, "")
    if not way_out:
        return f"no single default route for IPv{version} tells it: set it to the name of the interface"
    if way_out == outbound.interface:
        return f"the default route for IPv{version} leads into the tunnel: set it to the name of the interface"
    return ""


def resolved(needed: Needs, observed: GatewayState) -> Needs:
    """Say with entries how a user is let out, after `unresolved` has found nothing."""
    entries = list(needed.entries)
    for outbound in needed.outbound:
        automatic = outbound.out_interface == AUTO
        way_out = observed.ways_out[outbound.source.version] if automatic else outbound.out_interface
        entries += outbound_entries(outbound, way_out)
    return replace(needed, entries=tuple(dict.fromkeys(entries)), outbound=())
