# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a redirection that surround those of its interface.

Rules of this file: pure. A run may die between any two steps: what is about to be ours is written down before it is
there, and what was is forgotten after it has gone. A kill switch is the first to come and the last to go. One that is
unset gives no steps.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.default_route import superseded
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import Partial, Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Redirection
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddDetour,
    DisplaceRoute,
    RecordRedirection,
    RemoveDetour,
    RestoreRoute,
    SetKillSwitch,
    Step,
    TurnSwitch,
)


def before_interface(observed: Interface, desired: Partial[Redirection]) -> Iterator[Step]:
    """Give what comes before all else: the record, the kill switch, and what keeps the old way."""
    if isinstance(desired, Unset):
        return
    both = _both(observed.recorded, desired)
    if both != observed.recorded:
        yield RecordRedirection(both)
    if desired.kill_switch not in (None, observed.kill_switch):
        yield SetKillSwitch(desired.kill_switch)
    for switch in sorted(desired.switches - observed.switches):
        yield TurnSwitch(switch, on=True)
    for detour in sorted(desired.detours - observed.detours):
        yield AddDetour(detour)


def restoring(observed: Interface, desired: Partial[Redirection]) -> Iterator[Step]:
    """Give what comes before routes through the interface go: the host's own default routes are back by then."""
    if isinstance(desired, Unset):
        return
    for route in sorted(observed.displaced - desired.displaced):
        if not superseded(route, desired.displaced):
            yield RestoreRoute(route)


def displacing(observed: Interface, desired: Partial[Redirection]) -> Iterator[Step]:
    """Give what comes after the routes through the interface are there."""
    if isinstance(desired, Unset):
        return
    for route in sorted(desired.displaced - observed.displaced):
        yield DisplaceRoute(route)


def after_interface(observed: Interface, desired: Partial[Redirection]) -> Iterator[Step]:
    """Give what comes last: what is needed no more is gone, and then forgotten."""
    if isinstance(desired, Unset):
        return
    for detour in sorted(observed.detours - desired.detours):
        yield RemoveDetour(detour)
    for switch in sorted(observed.switches - desired.switches - observed.shared_switches):
        yield TurnSwitch(switch, on=False)
    if observed.kill_switch and not desired.kill_switch:
        yield SetKillSwitch(None)
    if desired != _both(observed.recorded, desired):
        yield RecordRedirection(desired)


def _both(recorded: Redirection, desired: Redirection) -> Redirection:
    return replace(
        desired,
        routes=recorded.routes | desired.routes,
        rules=recorded.rules | desired.rules,
        fwmark=desired.fwmark or recorded.fwmark,
        detours=recorded.detours | desired.detours,
        displaced=recorded.displaced | desired.displaced,
        switches=recorded.switches | desired.switches,
        kill_switch=desired.kill_switch or recorded.kill_switch,
    )
